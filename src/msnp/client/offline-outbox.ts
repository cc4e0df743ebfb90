import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Email, NETWORK } from "../address.ts";
import { answerMsnp11Challenge } from "../auth/challenge.ts";
import { SITE } from "../auth/rst-request.ts";
import { AuthError } from "../auth/types.ts";
import { describeError, MsnpError } from "../errors.ts";
import { encodeWord } from "../message/encoded-word.ts";
import { encodeMime } from "../message/mime.ts";
import { splitText } from "../message/split.ts";
import { callStore, lockKeyChallenge } from "../soap/offline-store.ts";
import { isTicketRefused, SoapError } from "../soap/service.ts";
import { ConnectionError } from "../transport/connection.ts";
import { ServerError } from "../transport/error-codes.ts";
import { HttpError } from "../transport/http.ts";
import type { Core, Live } from "./core.ts";
import { SendError, toSendError } from "./errors.ts";
import { Turns } from "./turns.ts";

/** Bytes of one message's text (source: msnp-chat §5.6.3). */
const MAX_OFFLINE_BYTES = 1000;
/** Characters of the sender's name, encoded. */
const MAX_NAME = 48;
/** ms to wait when the service is sent too much too fast; official clients kept 1 s between messages. */
const THROTTLE_PAUSE = 1_500;
const MAX_RUNS = 1_000;
const MAX_QUEUED = 500;

/** The messages to one person in one session: a burst with numbers (source: msnp-chat §5.6.3). */
interface Run {
  readonly id: string;
  sequence: number;
}

/** Leaves texts for people who are offline. Of one session; one message goes after the other. */
export class OfflineOutbox {
  readonly #core: Core;
  readonly #live: Live;
  readonly #turns = new Turns(1);
  readonly #runs = new Map<Email, Run>();
  #lockKey = "";
  #queued = 0;

  constructor(core: Core, live: Live) {
    this.#core = core;
    this.#live = live;
  }

  get isSupported(): boolean {
    const { dialect, web } = this.#live;
    if (dialect.offline === "store") return web.has("oimStoreUrl", SITE.messengerSecure);
    return dialect.offline === "uum";
  }

  /** Resolves when the server has taken every part. Rejects with SendError. */
  async send(email: Email, text: string): Promise<void> {
    if (!this.isSupported) {
      const name = this.#live.dialect.name;
      const text = `Nothing can be left for people who are offline, in ${name} on this network`;
      throw new SendError("not-supported", "not-sent", text);
    }
    if (text.trim() === "") throw new SendError("refused", "not-sent", "There is nothing to send");
    if (this.#queued >= MAX_QUEUED) throw new SendError("rate-limited", "not-sent", "Too many messages wait already");
    this.#queued += 1;
    try {
      await this.#turns.take(() => this.#sendParts(email, splitText(text, MAX_OFFLINE_BYTES)));
    } finally {
      this.#queued -= 1;
    }
  }

  hold(noted: Promise<unknown>): void {
    this.#turns.hold(noted);
  }

  async #sendParts(email: Email, parts: readonly string[]): Promise<void> {
    for (const [i, part] of parts.entries()) {
      try {
        if (this.#live.ns.isOver) throw new SendError("closed", "not-sent", "The session is over");
        await (this.#live.dialect.offline === "uum"
          ? this.#leaveByLine(email, part)
          : this.#leaveByService(email, part));
      } catch (error) {
        throw failure(error).after(i);
      }
    }
  }

  /** MSNP18: UUM, which is only answered when it fails, at once (source: msnp-chat §5.6.4). */
  async #leaveByLine(email: Email, text: string): Promise<void> {
    const isOnline = (): boolean => (this.#core.contacts.all.get(email)?.status ?? "FLN") !== "FLN";
    // The server would drop it without a word.
    if (isOnline()) throw new SendError("refused", "not-sent", `${email} is online, so nothing can be left for them`);
    const { ns } = this.#live;
    const { ack, settle } = this.#core.timeouts;
    const outcome = ns.submit("UUM", [email, NETWORK.messenger, 1], lineMessage(text), ack);
    ns.settle(outcome, settle);
    try {
      await outcome.promise;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const text = `The message may not have been kept (${describeError(error)})`;
      throw new SendError(ns.isOver ? "closed" : "timeout", "maybe-sent", text, { cause: error });
    }
    if (isOnline()) {
      throw new SendError("no-answer", "maybe-sent", `${email} came online in that moment; the message may be lost`);
    }
  }

  /** MSNP13-17: Store2. A refused lock key is computed anew once; too much too fast is waited out once. */
  async #leaveByService(email: Email, text: string): Promise<void> {
    const run = this.#runOf(email);
    run.sequence += 1;
    const store = (): Promise<void> => this.#store(email, text, run);
    try {
      await this.#unlocking(store);
    } catch (error) {
      if (!(error instanceof SoapError) || error.fault !== "SenderThrottleLimitExceeded") throw error;
      await sleep(THROTTLE_PAUSE);
      await this.#unlocking(store);
    }
  }

  async #unlocking(store: () => Promise<void>): Promise<void> {
    try {
      await store();
    } catch (error) {
      const challenge = lockKeyChallenge(error);
      if (challenge === undefined) throw error;
      const key = answerMsnp11Challenge(challenge, this.#live.dialect.product).answer;
      if (key === this.#lockKey) throw error;
      this.#lockKey = key;
      await store();
    }
  }

  async #store(email: Email, text: string, run: Run): Promise<void> {
    const { dialect, web, handle } = this.#live;
    await web.withTicket(
      SITE.messengerSecure,
      (ticket) =>
        callStore(web.http, {
          url: web.urlOf("oimStoreUrl"),
          ticket,
          from: handle,
          fromName: encodeWord(this.#core.self.displayName, MAX_NAME),
          to: email,
          text,
          runId: run.id,
          sequence: run.sequence,
          productId: dialect.product.id,
          lockKey: this.#lockKey,
          msnpVersion: dialect.name,
          buildVersion: dialect.clientVersion[5] ?? "",
        }),
      // A challenge is the same fault, but not the ticket's.
      (error) => isTicketRefused(error) && lockKeyChallenge(error) === undefined,
    );
  }

  #runOf(email: Email): Run {
    const known = this.#runs.get(email);
    if (known !== undefined) return known;
    const oldest = this.#runs.keys().next().value;
    if (this.#runs.size >= MAX_RUNS && oldest !== undefined) this.#runs.delete(oldest);
    const run = { id: randomUUID().toUpperCase(), sequence: 0 };
    this.#runs.set(email, run);
    return run;
  }
}

/** Payload of a UUM that leaves a text. Without Dest-Agent it vanishes (source: msnp-chat §5.6.4). */
export function lineMessage(text: string): Buffer {
  return encodeMime(
    [
      ["MIME-Version", "1.0"],
      ["Content-Type", "text/plain; charset=UTF-8"],
      ["X-MMS-IM-Format", "FN=Segoe%20UI; EF=; CO=0; CS=0; PF=22"],
      ["Dest-Agent", "client"],
    ],
    text.toWellFormed().replace(/\r\n|\r|\n/g, "\r\n"),
  );
}

/** Why a message was not left (source: msnp-chat §5.6.3, §5.7). */
function failure(error: unknown): SendError {
  if (error instanceof SendError) return error;
  const cause = { cause: error };
  const text = describeError(error);
  if (error instanceof ServerError) return toSendError(error);
  if (error instanceof SoapError) {
    if (error.fault === "SenderThrottleLimitExceeded") {
      return new SendError(
        "rate-limited",
        "not-sent",
        "The network takes no more messages from the account just now",
        cause,
      );
    }
    // A fault says that nothing was kept, and so does a service that takes nothing; an error page says nothing.
    const isCertain =
      error.code === "fault" || error.code === "refused" || error.status === 503 || error.status === 429;
    const code = error.code === "fault" ? "refused" : error.code;
    return new SendError(code, isCertain ? "not-sent" : "maybe-sent", text, cause);
  }
  if (error instanceof HttpError) {
    if (error.code === "unreachable") return new SendError("server-busy", "maybe-sent", text, cause);
    const code = error.code === "timeout" ? "timeout" : "protocol";
    return new SendError(code, "maybe-sent", text, cause);
  }
  if (error instanceof AuthError) {
    return new SendError(error.code === "timeout" ? "timeout" : "server-busy", "not-sent", text, cause);
  }
  return new SendError(error instanceof MsnpError ? "refused" : "protocol", "not-sent", text, cause);
}
