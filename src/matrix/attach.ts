/**
 * Getting and staying on good terms with the homeserver: the bot is registered and named, and the homeserver is asked to
 * ping back, which proves both directions and makes Synapse deliver its backlog at once instead of after up to 512 s
 * (stack A3). A homeserver that is down is waited for, never a crash. From then on it is asked every few minutes, because a
 * homeserver that takes the bridge for down does not say so.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Readiness } from "../bridge/ports/linking.ts";
import type { Ghosts } from "./ghosts.ts";
import type { HomeserverClient } from "./http/client.ts";
import { HomeserverSilent, isRefusal, MatrixRefusal } from "./http/errors.ts";
import type { Library } from "./listener/library.ts";

export interface AttachmentOptions {
  readonly client: HomeserverClient;
  readonly ghosts: Ghosts;
  readonly library: () => Library;
  readonly bot: string;
  readonly botName: string;
  readonly registrationId: string;
  readonly homeserverUrl: string;
  readonly ownUrl: string;
  readonly log: Logger;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  readonly pingEveryMs: number;
  /** Both directions work (again). */
  readonly onAttached: () => void;
}

export class Attachment {
  readonly #options: AttachmentOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #trouble: string | undefined;
  #attached = false;
  #named = false;
  /** Pings that have come from the homeserver. */
  #pings = 0;
  #waiters: (() => void)[] = [];
  #nextPing: NodeJS.Timeout | undefined;

  constructor(options: AttachmentOptions) {
    this.#options = options;
    this.#trouble = `${options.homeserverUrl} has not answered yet`;
  }

  get readiness(): Readiness {
    return this.#trouble === undefined ? { ready: true, reasons: [] } : { ready: false, reasons: [this.#trouble] };
  }

  /** Resolves when the bot is set up and both directions have worked once. */
  attached(): Promise<void> {
    if (this.#attached) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** The homeserver has reached us. */
  pinged(): void {
    this.#pings += 1;
  }

  /** Tries until it works; a call while it tries is nothing. */
  begin(): void {
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends the trying; a request under way is waited for 2 s at most. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#nextPing);
    const late = new AbortController();
    const tooLong = sleep(2000, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([this.#running, tooLong]);
    late.abort();
  }

  async #loop(): Promise<void> {
    const { firstWaitMs, longestWaitMs, log } = this.#options;
    for (let wait = firstWaitMs; !this.#stop.signal.aborted; wait = Math.min(wait * 2, longestWaitMs)) {
      try {
        await this.#attach();
        this.#trouble = undefined;
        this.#attached = true;
        for (const resolve of this.#waiters.splice(0)) resolve();
        this.#pingLater();
        this.#options.onAttached();
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const trouble = explain(error, this.#options);
        if (trouble !== this.#trouble) log.warn({ reason: trouble }, "waiting for the homeserver");
        this.#trouble = trouble;
      }
      // Jitter, so that many workers do not knock at the same moment.
      await sleep(wait * jitter(), undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #attach(): Promise<void> {
    const { ghosts, library, bot, botName } = this.#options;
    if (!this.#named) {
      await ghosts.register(bot);
      await library().as("set-name", bot, (intent) => intent.ensureProfile(botName));
      this.#named = true;
    }
    await this.ping();
  }

  /** One at a time is enough, and each one that went well puts off the next. */
  #pingLater(): void {
    clearTimeout(this.#nextPing);
    if (this.#stop.signal.aborted) return;
    this.#nextPing = setTimeout(
      () =>
        void this.ping().then(
          () => this.#pingLater(),
          () => this.begin(),
        ),
      this.#options.pingEveryMs * jitter(),
    );
  }

  /** Asks the homeserver to reach us, and to send at once what it could not. @throws MatrixRefusal, HomeserverSilent. */
  async ping(): Promise<void> {
    const { client, bot, registrationId } = this.#options;
    const path = `/_matrix/client/v1/appservice/${encodeURIComponent(registrationId)}/ping`;
    const pings = this.#pings;
    try {
      await client.call({ name: "ping", method: "POST", path, as: bot });
    } catch (error) {
      // A homeserver from before MSC2659 cannot be asked; that its own side works shows by the first transaction.
      if (isRefusal(error, "M_UNRECOGNIZED")) return;
      // Synapse (1.163.2, appservice/scheduler.py, force_retry) calls a ping failed when it meets a delivery that is under
      // way just then; it has reached us all the same.
      if (!isRefusal(error, "M_CONNECTION_FAILED") || this.#pings === pings) throw error;
    }
  }
}

function jitter(): number {
  return 0.75 + Math.random() / 2;
}

function explain(error: unknown, options: AttachmentOptions): string {
  const { homeserverUrl, ownUrl, registrationId } = options;
  if (error instanceof HomeserverSilent) return `the homeserver at ${homeserverUrl} does not answer (${error.message})`;
  if (!(error instanceof MatrixRefusal)) return `setting up at the homeserver failed: ${String(error)}`;
  switch (error.errcode) {
    case "M_UNKNOWN_TOKEN":
    case "M_MISSING_TOKEN":
      return `the homeserver at ${homeserverUrl} does not know the bridge: give it registration.yaml (app_service_config_files) and restart it`;
    case "M_URL_NOT_SET":
      return `the homeserver's copy of registration.yaml has no url; it should be ${ownUrl}`;
    case "M_CONNECTION_FAILED":
    case "M_CONNECTION_TIMEOUT":
      return `the homeserver cannot reach the bridge at the url of its registration.yaml (here it is ${ownUrl})`;
    case "M_BAD_STATUS":
      return "the homeserver reached the bridge with a wrong hs_token: its copy of registration.yaml is another one";
    case "M_FORBIDDEN":
      return `the homeserver refused the bot: ${error.message} (is "${registrationId}" the id in the homeserver's copy of registration.yaml?)`;
    default:
      return `the homeserver at ${homeserverUrl} answered: ${error.message}`;
  }
}
