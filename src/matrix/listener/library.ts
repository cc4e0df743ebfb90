/**
 * The thin use of matrix-appservice-bridge: its Bridge holds the listener and hands out Intents for names and making
 * rooms. Registering, sending, joining, ordering, storing and counting are the bridge's own, for the reasons in stack A2.
 */
import {
  AppServiceRegistration,
  Bridge,
  type Intent,
  type IntentBackingStore,
  MembershipCache,
} from "matrix-appservice-bridge";
import type { Logger } from "pino";
import type { Meter } from "../../bridge/metrics.ts";
import { HomeserverSilent, MatrixRefusal } from "../http/errors.ts";
import type { Registration } from "../registration.ts";
import type { DurableAppService } from "./appservice.ts";
import { leadLibraryLogs } from "./logging.ts";

export interface LibraryOptions {
  readonly homeserverUrl: string;
  readonly domain: string;
  readonly prefix: string;
  readonly registration: Registration;
  readonly home: string;
  readonly meter: Meter;
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** The library's caches of members and power levels grow without bound and are not asked: the homeserver decides. */
const forgetful: IntentBackingStore = {
  getMembership: () => null,
  getMemberProfile: () => ({}),
  getPowerLevelContent: () => undefined,
  setMembership: () => {},
  setPowerLevelContent: () => {},
};

/** Who is registered is known better by ghosts.ts: without this the library registers each ghost once more. */
class AllRegistered extends MembershipCache {
  override isUserRegistered(): boolean {
    return true;
  }

  override setMemberEntry(): void {
    // It would remember every member of every room for ever.
  }
}

function registrationFor(options: LibraryOptions): AppServiceRegistration {
  const { registration, domain, prefix } = options;
  const made = new AppServiceRegistration(registration.url);
  made.setId(registration.id);
  made.setAppServiceToken(registration.asToken.open());
  made.setHomeserverToken(registration.hsToken.open());
  made.setSenderLocalpart(registration.senderLocalpart);
  made.setRateLimited(false);
  made.addRegexPattern("users", `@${prefix}.*:${domain}`, true);
  return made;
}

export class Library {
  readonly #bridge: Bridge;
  readonly #options: LibraryOptions;

  private constructor(bridge: Bridge, options: LibraryOptions) {
    this.#bridge = bridge;
    this.#options = options;
  }

  static async open(options: LibraryOptions): Promise<Library> {
    leadLibraryLogs(options.log);
    const intent = { registered: true, dontCheckPowerLevel: true, enablePresence: false, backingStore: forgetful };
    const bridge = new Bridge({
      homeserverUrl: options.homeserverUrl.replace(/\/+$/, ""),
      domain: options.domain,
      registration: registrationFor(options),
      // Events never come this way: the listener stores them.
      controller: { onEvent: () => {}, onLog: () => {} },
      disableStores: true,
      membershipCache: new AllRegistered(),
      escapeUserIds: false,
      queue: { type: "none" },
      logRequestOutcome: false,
      suppressEcho: false,
      intentOptions: { clients: intent, bot: intent },
    });
    await bridge.initialise();
    return new Library(bridge, options);
  }

  /** @throws the socket's error. */
  async listen(port: number, host: string, listener: DurableAppService): Promise<void> {
    await this.#bridge.listen(port, host, 128, listener);
  }

  async close(): Promise<void> {
    await this.#bridge.close();
  }

  /**
   * Does something as a user by the library. The library's own time limit is 60 s and cannot be set here; this one is ours.
   * @throws {@link MatrixRefusal}, {@link HomeserverSilent}.
   */
  async as<T>(name: string, mxid: string, work: (intent: Intent) => Promise<T>, timeoutMs?: number): Promise<T> {
    const started = performance.now();
    let outcome = "ok";
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new HomeserverSilent(`${name}: no answer in time`)),
        timeoutMs ?? this.#options.timeoutMs,
      );
    });
    try {
      return await Promise.race([work(this.#bridge.getIntent(mxid)), late]);
    } catch (error) {
      const told = fromLibrary(name, error);
      outcome = told instanceof MatrixRefusal ? String(told.status) : "silent";
      throw told;
    } finally {
      clearTimeout(timer);
      const seconds = (performance.now() - started) / 1000;
      this.#options.meter.observe("msnb_home_api_seconds", { home: this.#options.home, call: name, outcome }, seconds);
    }
  }
}

/** The library throws the SDK's MatrixError, a raw response for a proxy's page, or the socket's error. */
function fromLibrary(name: string, error: unknown): MatrixRefusal | HomeserverSilent {
  if (error instanceof HomeserverSilent || error instanceof MatrixRefusal) return error;
  const e = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  if (typeof e.statusCode === "number") {
    const errcode = typeof e.errcode === "string" ? e.errcode : "";
    const text = typeof e.error === "string" ? e.error.slice(0, 300) : "";
    const retry = typeof e.retryAfterMs === "number" ? e.retryAfterMs : undefined;
    return new MatrixRefusal(name, e.statusCode, errcode, text, retry);
  }
  return new HomeserverSilent(`${name}: ${error instanceof Error ? error.message : "no answer"}`, { cause: error });
}
