import type { Logger } from "pino";
import type { ErrorCode } from "./errors.ts";
import { asBridgeError, BridgeError } from "./errors.ts";
import type { Meter } from "./metrics.ts";
import type { AccountRecord, Availability, PuppetState } from "./model.ts";
import type { ClosedReason, Network, Session, SessionHooks } from "./ports/network.ts";
import { setsPresence } from "./ports/network.ts";
import type { Secret } from "./secret.ts";
import { backOff, pause } from "./waiting.ts";

/** What can happen to a puppet. */
export type PuppetInput = "start" | "signed-in" | "failed" | "refused" | "lost" | "taken-elsewhere" | "stop";

/**
 * The puppet's state machine as data: what each input makes of each state. What is not listed does not happen in that
 * state and is ignored.
 */
export const TRANSITIONS: Readonly<Record<PuppetState, Partial<Readonly<Record<PuppetInput, PuppetState>>>>> = {
  "signed-out": { start: "signing-in" },
  "signing-in": {
    "signed-in": "on",
    failed: "waiting",
    refused: "bad-password",
    "taken-elsewhere": "elsewhere",
    stop: "signed-out",
  },
  on: { lost: "waiting", "taken-elsewhere": "elsewhere", refused: "bad-password", stop: "signed-out" },
  waiting: { start: "signing-in", stop: "signed-out" },
  elsewhere: { start: "signing-in", stop: "signed-out" },
  "bad-password": { start: "signing-in", stop: "signed-out" },
};

/** Failures of a sign-in that only a person can help. */
const ENDS: Partial<Readonly<Record<ErrorCode, PuppetInput>>> = {
  "bad-password": "refused",
  elsewhere: "taken-elsewhere",
};

export interface PuppetOptions {
  readonly record: AccountRecord;
  readonly network: Network;
  /** Reads the sealed password when it is needed; it is not kept. */
  readonly password: () => Promise<Secret | undefined>;
  /** Resolves when it is this puppet's turn to sign in (the fleet-wide limit); rejects when aborted. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  /** What the network shall see at sign-in. */
  readonly presence: () => { availability: Availability; text: string };
  readonly hooks: Omit<SessionHooks, "closed">;
  readonly onState: (state: PuppetState, previous: PuppetState) => void;
  readonly meter: Meter;
  readonly log: Logger;
  readonly backOff: { readonly baseMs: number; readonly capMs: number };
}

/**
 * The bridge's live sign-in of one account: signs in, stays, comes back after a loss with back-off and jitter, and stops
 * where only a person can help (bad password, signed in elsewhere).
 */
export class Puppet {
  readonly #o: PuppetOptions;
  #state: PuppetState;
  #session: Session | undefined;
  #attempts = 0;
  #onSince = 0;
  #why: string | undefined;
  #retryAt: number | undefined;
  #run: AbortController = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: PuppetOptions) {
    this.#o = options;
    const { halt } = options.record;
    this.#state = halt === "none" ? "signed-out" : halt;
  }

  get state(): PuppetState {
    return this.#state;
  }

  /** The live session, only in the state `on`. */
  get session(): Session | undefined {
    return this.#state === "on" ? this.#session : undefined;
  }

  /** Why it is not on, for people; and when it tries again (Unix ms). */
  get trouble(): { why: string | undefined; retryAt: number | undefined } {
    return { why: this.#why, retryAt: this.#state === "waiting" ? this.#retryAt : undefined };
  }

  /** Signs in now, unless it is on or on its way. */
  start(): void {
    if (!this.#to("start")) return;
    this.#run.abort();
    this.#run = new AbortController();
    const { signal } = this.#run;
    this.#loop = this.#loop
      .then(() => this.#live(signal))
      .catch((error: unknown) => this.#o.log.error({ err: error }, "puppet loop failed"));
  }

  /** Signs out and stays out. Settles within the session's closing time. */
  async stop(): Promise<void> {
    this.#run.abort();
    const session = this.#session;
    this.#session = undefined;
    this.#to("stop");
    // A start that follows at once waits for the closing, so that two sign-ins of one account never meet.
    const ended = this.#loop.then(() => session?.close());
    this.#loop = ended;
    await ended;
  }

  /** Ends the live session as if it had been lost, and comes back with back-off. Nothing happens unless it is on. */
  reconnect(detail: string): void {
    const session = this.session;
    if (!session) return;
    this.#loop = this.#loop.then(() => session.close());
    this.#closed({ kind: "lost", detail });
  }

  /** Shows a presence, when on. Otherwise the next sign-in will. @throws BridgeError as the session does. */
  async setPresence(availability: Availability, text: string, media?: string): Promise<void> {
    const session = this.session;
    if (session && setsPresence(session)) await session.setPresence(availability, text, media);
  }

  #to(input: PuppetInput): boolean {
    const next = TRANSITIONS[this.#state][input];
    if (next === undefined) return false;
    const previous = this.#state;
    this.#state = next;
    this.#o.log.debug({ account: this.#o.record.id, from: previous, to: next, input }, "puppet");
    this.#o.onState(next, previous);
    return true;
  }

  /** Signs in until it works or only a person can help; returns when on or stopped. */
  async #live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const failure = await this.#signIn(signal);
      if (!failure || signal.aborted) return;
      // The state says all of it; the text of the error is about a message.
      this.#why = failure.code === "elsewhere" ? undefined : failure.person;
      const end = ENDS[failure.code];
      this.#to(end ?? "failed");
      if (end) return;
      await this.#wait(failure.retryAfterMs, signal);
      if (signal.aborted || !this.#to("start")) return;
    }
  }

  async #wait(askedMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { baseMs, capMs } = this.#o.backOff;
    const ms = Math.max(askedMs ?? 0, backOff(this.#attempts, baseMs, capMs));
    this.#attempts += 1;
    this.#retryAt = Date.now() + ms;
    await pause(ms, signal);
  }

  async #signIn(signal: AbortSignal): Promise<BridgeError | undefined> {
    const { record, network, hooks, meter } = this.#o;
    const started = performance.now();
    try {
      await this.#o.turn(signal);
      const password = await this.#o.password();
      if (!password) throw new BridgeError("bad-password", { address: record.address, network: network.title });
      // A session that ends before we hold it is taken on first and then seen to end; an end is told once.
      let held: Session | undefined;
      let ended: ClosedReason | undefined;
      const session = await network.signIn(
        { address: record.address, spelling: record.spelling, password },
        { machineGuid: record.machineGuid, ...this.#o.presence() },
        {
          ...hooks,
          closed: (reason) => {
            if (ended || signal.aborted) return;
            ended = reason;
            if (held && held === this.#session) this.#closed(reason);
          },
        },
        signal,
      );
      if (signal.aborted) {
        await session.close();
        return undefined;
      }
      held = session;
      this.#session = session;
      this.#onSince = performance.now();
      this.#why = undefined;
      meter.observe("msnb_signin_seconds", { network: network.name }, (performance.now() - started) / 1000);
      this.#to("signed-in");
      if (ended) this.#closed(ended);
      return undefined;
    } catch (error) {
      const failure = asBridgeError(error);
      if (!signal.aborted) {
        meter.count("msnb_signin_failures_total", {
          network: network.name,
          stage: failure.context.stage ?? failure.code,
        });
        this.#o.log.info(
          { account: record.id, code: failure.code, stage: failure.context.stage, detail: failure.context.detail },
          "sign-in failed",
        );
      }
      return failure;
    }
  }

  #closed(reason: ClosedReason): void {
    this.#session = undefined;
    // Only a sign-in that has lasted ends the back-off: a network that drops everyone at once is not to be hammered.
    if (performance.now() - this.#onSince > this.#o.backOff.capMs) this.#attempts = 0;
    this.#why = reason.detail;
    this.#o.log.info({ account: this.#o.record.id, reason: reason.kind, detail: reason.detail }, "session ended");
    if (reason.kind === "elsewhere") this.#to("taken-elsewhere");
    else if (reason.kind === "bad-password") this.#to("refused");
    else if (this.#to("lost")) {
      const { signal } = this.#run;
      this.#loop = this.#loop
        .then(async () => {
          await this.#wait(reason.retryAfterMs, signal);
          if (!signal.aborted && this.#to("start")) await this.#live(signal);
        })
        .catch((error: unknown) => this.#o.log.error({ err: error }, "puppet loop failed"));
    }
  }
}
