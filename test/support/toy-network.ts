import { BridgeError } from "../../src/bridge/errors.ts";
import type { Availability, ContactAddress, ContactSnapshot, NetworkName } from "../../src/bridge/model.ts";
import { parseNetworkName } from "../../src/bridge/model.ts";
import type {
  ClosedReason,
  Credentials,
  Network,
  PresenceSetting,
  Session,
  SessionHooks,
  SignInOptions,
  StageListener,
  TypingSending,
} from "../../src/bridge/ports/network.ts";

/** A network in memory whose server outlives the bridge: accounts, who is there, what was said. */
export class ToyNetwork implements Network {
  readonly name: NetworkName = parseNetworkName("toynet");
  readonly title = "Toynet";
  /** Passwords by address. */
  readonly accounts = new Map<string, string>();
  readonly sessions = new Map<string, ToySession>();
  readonly contacts = new Map<ContactAddress, ContactSnapshot>();
  /** What contacts have received, as `from > to: words`. */
  readonly received: string[] = [];
  readonly typed: string[] = [];
  /** When each sign-in came in (ms). */
  readonly signIns: number[] = [];
  down = false;
  /** Contacts who do not take words now. */
  readonly away = new Set<string>();
  /** While set, words arrive but are not acknowledged. */
  withheld: PromiseWithResolvers<void> | undefined;
  /** While set, a sign-in does not come to its end. */
  stalled: PromiseWithResolvers<void> | undefined;
  /** Each acknowledgement takes so long. */
  slowMs = 0;
  /** Ends each session in the moment of its sign-in. */
  dropsAtOnce = 0;
  readonly #offline = new Map<string, { from: ContactAddress; text: string }[]>();

  account(address: ContactAddress, password = "secret"): void {
    this.accounts.set(address, password);
  }

  contact(
    address: ContactAddress,
    availability: Availability = "online",
    text = "",
    displayName = address as string,
  ): void {
    const snapshot: ContactSnapshot = {
      address,
      displayName,
      presence: { availability, text },
      listed: true,
      blocked: false,
      groups: [],
    };
    this.contacts.set(address, snapshot);
    for (const session of this.sessions.values()) session.hooks.contact(snapshot);
  }

  /** A contact writes to an account; kept until it signs in when it is not there. */
  say(from: ContactAddress, to: ContactAddress, text: string): void {
    const session = this.sessions.get(to);
    if (session) session.hear(from, text);
    else this.#offline.set(to, [...(this.#offline.get(to) ?? []), { from, text }]);
  }

  /** Ends an account's session from the server's side. */
  drop(address: ContactAddress, reason: ClosedReason = { kind: "lost", detail: "connection reset" }): void {
    const session = this.sessions.get(address);
    this.sessions.delete(address);
    session?.hooks.closed(reason);
  }

  async verify(credentials: Credentials, onStage: StageListener): Promise<{ displayName: string }> {
    onStage("connect");
    this.#check(credentials);
    return { displayName: credentials.address };
  }

  async signIn(c: Credentials, options: SignInOptions, hooks: SessionHooks, signal: AbortSignal): Promise<Session> {
    this.signIns.push(Date.now());
    if (this.stalled) await Promise.race([this.stalled.promise, aborted(signal)]);
    signal.throwIfAborted();
    this.#check(c);
    this.drop(c.address, { kind: "elsewhere", detail: "signed in somewhere else" });
    const session = new ToySession(this, c.address, options, hooks);
    this.sessions.set(c.address, session);
    const kept = this.#offline.get(c.address) ?? [];
    this.#offline.delete(c.address);
    for (const { from, text } of kept) session.hear(from, text);
    if (this.dropsAtOnce > 0) {
      this.dropsAtOnce -= 1;
      this.drop(c.address);
    }
    return session;
  }

  #check({ address, password }: Credentials): void {
    if (this.down)
      throw new BridgeError("sign-in-failed", { network: this.title, stage: "connect", detail: "refused" });
    if (this.accounts.get(address) !== password.open())
      throw new BridgeError("bad-password", { address, network: this.title });
  }
}

export class ToySession implements Session, TypingSending, PresenceSetting {
  readonly dialect = "TOY1";
  readonly displayName: string;
  readonly typingRepeatMs = 40;
  readonly hooks: SessionHooks;
  shown: { availability: Availability; text: string };
  readonly #network: ToyNetwork;
  readonly #address: ContactAddress;

  constructor(network: ToyNetwork, address: ContactAddress, options: SignInOptions, hooks: SessionHooks) {
    this.#network = network;
    this.#address = address;
    this.displayName = address;
    this.shown = { availability: options.availability, text: options.text };
    this.hooks = hooks;
  }

  hear(from: ContactAddress, text: string): void {
    this.hooks.message({ kind: "text", from, fromName: from, text, at: Date.now() });
  }

  contacts(): Iterable<ContactSnapshot> {
    return this.#network.contacts.values();
  }

  contact(address: ContactAddress): ContactSnapshot | undefined {
    return this.#network.contacts.get(address);
  }

  async sendText(to: ContactAddress, text: string): Promise<void> {
    this.#alive();
    if (this.#network.away.has(to)) throw new BridgeError("contact-offline", { address: to });
    this.#network.received.push(`${this.#address} > ${to}: ${text}`);
    if (this.#network.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#network.slowMs));
    await this.#network.withheld?.promise;
  }

  async sendTyping(to: ContactAddress): Promise<void> {
    this.#network.typed.push(`${this.#address} > ${to}`);
  }

  async setPresence(availability: Availability, text: string): Promise<void> {
    this.#alive();
    this.shown = { availability, text };
  }

  async close(): Promise<void> {
    if (this.#network.sessions.get(this.#address) === this) this.#network.sessions.delete(this.#address);
  }

  #alive(): void {
    if (this.#network.sessions.get(this.#address) !== this) throw new BridgeError("network-down");
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
