import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BridgeProcess, prepareBridge } from "../../src/cli/sandbox/bridge-process.ts";
import { findLink, linkByPage } from "../../src/cli/sandbox/link-page.ts";
import { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import type { ProcessGroup } from "../../src/cli/sandbox/processes.ts";
import { type RedisServer, startRedis } from "../../src/cli/sandbox/redis.ts";
import type { Trace } from "../../src/cli/sandbox/trace.ts";
import { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import type { XmppServer } from "../../src/cli/sandbox/xmpp-server.ts";
import { bare, type SeenMessage } from "../../src/cli/sandbox/xmpp-stanza.ts";
import { MsnNetwork } from "../../src/msnp/server/index.ts";
import { FRIENDS, type Friend } from "./drill.ts";
import { XMPP_SERVERS } from "./xmpp.ts";

/** Texts that are said at once. */
const BURST = 6;
/** Texts that may be without a receipt before nothing new is said. */
const WINDOW = 16;
/** How long a receipt may take before the text is said again, ms. */
const PATIENCE_MS = 2000;
/** Between two tries of what was sent back, ms. */
const AGAIN_MS = 250;
/** No text was receipted for so long: none will ever be. */
const GIVE_UP_MS = 180_000;
/** How long a friend's client rings before it gives up, ms. */
const RING_MS = 3000;

export interface XmppPair extends Friend {
  readonly ghost: string;
}

/** Texts that were said again, by why: numbers of {@link XmppTalker.texts}. */
export interface SaidAgain {
  /** They came back as errors of type `wait`, or while the bridge was away. */
  readonly sentBack: Set<number>;
  /** Nothing was heard of them, and nobody had got them: they went down with a process that had not read them. */
  readonly neverRead: Set<number>;
  /** They had arrived, and their receipts went down. */
  readonly receiptLost: Set<number>;
}

/**
 * Anna's client in one chat. It sends in bursts without waiting, each text under an id of its own, and asks for receipts
 * (XEP-0184). When a text comes back, or the connection was lost, or a receipt does not come, it says again what has no
 * receipt, in order and under the same ids, each when the one before has its receipt.
 */
export class XmppTalker {
  readonly texts: readonly string[];
  readonly again: SaidAgain = { sentBack: new Set(), neverRead: new Set(), receiptLost: new Set() };
  /** Errors that do not ask to wait: there is to be none. */
  readonly refusals: string[] = [];
  readonly #anna: XmppPerson;
  readonly #pair: XmppPair;
  readonly #paceMs: number;
  readonly #numbers = new Map<string, number>();
  readonly #ids: readonly string[];
  readonly #receipted: boolean[];
  readonly #bounced: boolean[];
  readonly #saidAt: number[];
  #read = 0;
  #session: number;
  /** The first without a receipt, and the first that was never said. */
  #first = 0;
  #next = 0;
  #interrupted = false;
  #isCareful = false;

  constructor(o: { anna: XmppPerson; pair: XmppPair; count: number; paceMs: number; topic: string }) {
    this.#anna = o.anna;
    this.#pair = o.pair;
    this.#paceMs = o.paceMs;
    this.texts = Array.from(
      { length: o.count },
      (_, i) => `${o.topic}to ${o.pair.name} ${String(i + 1).padStart(4, "0")}.`,
    );
    this.#ids = this.texts.map(() => randomUUID());
    for (const [i, id] of this.#ids.entries()) this.#numbers.set(id, i);
    this.#receipted = this.texts.map(() => false);
    this.#bounced = this.texts.map(() => false);
    this.#saidAt = this.texts.map(() => 0);
    this.#read = o.anna.messages.length;
    this.#session = o.anna.sessions.fresh;
  }

  /** Whether everything was said and has its receipt. */
  get done(): boolean {
    return this.receipted >= this.texts.length;
  }

  /** How many texts from the first on have their receipts. */
  get receipted(): number {
    this.#look();
    return this.#first;
  }

  /**
   * Something is about to break, or (`over`) works again. What was said and has no receipt may be gone: nothing new is said
   * before it has one, and until then one text at a time, so that none can overtake another that was lost.
   */
  interrupted(over = false): void {
    this.#interrupted = true;
    this.#isCareful = !over;
  }

  async run(): Promise<void> {
    while (!this.done) {
      if (this.#inTrouble()) await this.#sayAgain();
      const burst = this.#isCareful ? 1 : 1 + Math.floor(Math.random() * BURST);
      const window = this.#isCareful ? 1 : WINDOW;
      const size = Math.min(burst, this.#first + window - this.#next);
      for (let i = 0; i < size && this.#next < this.texts.length; i += 1) {
        if (!(await this.#say(this.#next))) break;
        this.#next += 1;
      }
      if (size > 0 && this.#next < this.texts.length) await pause(size * this.#paceMs);
      else await this.#hears(() => this.#inTrouble() || this.done || this.#next - this.#first < window, PATIENCE_MS);
    }
  }

  /** Takes in what has come since: receipts and errors. */
  #look(): void {
    const { messages } = this.#anna;
    for (; this.#read < messages.length; this.#read += 1) this.#take(messages[this.#read]);
    while (this.#receipted[this.#first]) this.#first += 1;
  }

  #take(message: SeenMessage | undefined): void {
    if (message === undefined || bare(message.from) !== this.#pair.ghost) return;
    const receipted = this.#numbers.get(message.receiptOf ?? "");
    if (receipted !== undefined) this.#receipted[receipted] = true;
    const back = message.error && this.#numbers.get(message.id ?? "");
    if (back === undefined) return;
    // For a component that is away ejabberd has `forbidden`, which is no answer of the bridge.
    if (message.error?.type === "wait" || this.#isCareful) this.#bounced[back] = true;
    else this.refusals.push(`${this.texts[back]}: ${message.error?.condition} ${message.error?.text ?? ""}`);
  }

  #inTrouble(): boolean {
    this.#look();
    if (this.#first >= this.#next) {
      this.#interrupted = false;
      this.#session = this.#anna.sessions.fresh;
    }
    if (this.#interrupted || this.#session !== this.#anna.sessions.fresh || !this.#anna.online) return true;
    for (let i = this.#first; i < this.#next; i += 1) if (this.#bounced[i]) return true;
    return this.#first < this.#next && Date.now() - (this.#saidAt[this.#first] ?? 0) > PATIENCE_MS;
  }

  /** Everything that was said and has no receipt, one after the other. */
  async #sayAgain(): Promise<void> {
    await this.#hears(() => this.#anna.online, GIVE_UP_MS);
    this.#session = this.#anna.sessions.fresh;
    const until = this.#next;
    let [before, since] = [this.#first, Date.now()];
    while (this.#first < until) {
      const i = this.#first;
      if (i > before) [before, since] = [i, Date.now()];
      if (Date.now() - since > GIVE_UP_MS)
        throw new Error(`"${this.texts[i]}" to ${this.#pair.name} never got a receipt`);
      const wait = this.#bounced[i] ? 0 : PATIENCE_MS - (Date.now() - (this.#saidAt[i] ?? 0));
      if (await this.#hears(() => this.#receipted[i] || this.#bounced[i], Math.max(wait, 0))) {
        if (this.#receipted[i]) continue;
      }
      if (this.#bounced[i]) this.again.sentBack.add(i);
      else if (this.#hasArrived(i)) this.again.receiptLost.add(i);
      else this.again.neverRead.add(i);
      await pause(AGAIN_MS);
      await this.#hears(() => this.#anna.online, GIVE_UP_MS);
      await this.#say(i);
    }
    this.#interrupted = false;
  }

  #hasArrived(i: number): boolean {
    const text = this.texts[i];
    return this.#pair.person.messages.some((message) => message.text === text);
  }

  /** False: the connection is down. */
  async #say(i: number): Promise<boolean> {
    this.#bounced[i] = false;
    this.#saidAt[i] = Date.now();
    return await this.#anna.say(this.#pair.ghost, this.texts[i] ?? "", { id: this.#ids[i] ?? "" }).then(
      () => true,
      () => false,
    );
  }

  /** Whether it came about in time. */
  async #hears(what: () => boolean | undefined, ms: number): Promise<boolean> {
    const seen = (): boolean => {
      this.#look();
      return what() === true;
    };
    return await this.#anna.waitFor("an answer", seen, ms).then(
      () => true,
      () => false,
    );
  }
}

/**
 * What came from a ghost about a topic, as a client that knows ids (XEP-0359) shows it, and what came once more under the
 * same id.
 */
export function shown(
  arrived: readonly SeenMessage[],
  ghost: string,
  topic: string,
): { readonly texts: readonly string[]; readonly repeats: readonly SeenMessage[] } {
  const seen = new Map<string, string>();
  const repeats: SeenMessage[] = [];
  for (const message of arrived) {
    const { from, type, body, originId, id } = message;
    if (bare(from) !== ghost || body === undefined || type === "error" || !body.startsWith(topic)) continue;
    const name = originId ?? id ?? randomUUID();
    if (seen.has(name)) repeats.push(message);
    else seen.set(name, body);
  }
  return { texts: [...seen.values()], repeats };
}

export interface DrillWorldOptions {
  readonly dir: string;
  readonly server: keyof typeof XMPP_SERVERS;
  readonly trace: Trace;
  /** Owns the processes; whoever made it stops it. */
  readonly group: ProcessGroup;
}

/** Redis, an XMPP server, an MSN network and the bridge as a process, without Matrix; Anna is linked as alice. */
export class XmppDrill {
  readonly server: XmppServer;
  readonly redis: RedisServer;
  readonly msn: MsnNetwork;
  readonly bridge: BridgeProcess;
  readonly anna: XmppPerson;
  readonly pairs: readonly XmppPair[];

  private constructor(parts: Pick<XmppDrill, "server" | "redis" | "msn" | "bridge" | "anna" | "pairs">) {
    this.server = parts.server;
    this.redis = parts.redis;
    this.msn = parts.msn;
    this.bridge = parts.bridge;
    this.anna = parts.anna;
    this.pairs = parts.pairs;
  }

  static async start({ dir, server: kind, trace, group }: DrillWorldOptions): Promise<XmppDrill> {
    const names = ["alice", ...FRIENDS.map(([name]) => name)];
    const accounts = names.map((name) => ({ email: emailOf(name), password: `pw-${name}`, displayName: name }));
    const [redis, server, msn, setup] = await Promise.all([
      startRedis({ dir: join(dir, "redis"), group }),
      XMPP_SERVERS[kind]({ dir: join(dir, kind), users: [{ name: "anna", password: "pw-anna" }], group }),
      MsnNetwork.start({ accounts }),
      prepareBridge({ dir: join(dir, "bridge"), serverName: "unused.test" }),
    ]);
    for (const name of names.slice(1)) msn.befriend(emailOf("alice"), emailOf(name));
    const { host, componentPort: port, component, secret, domain } = server;
    const overrides = { xmpp: { host, port, component, secret, domain } };
    const bridge = new BridgeProcess({ setup, redisUrl: redis.url, msn: msn.services, group, overrides });
    await bridge.start();
    const anna = await XmppPerson.signIn({ server, jid: `anna@${domain}`, password: "pw-anna", trace });
    await link(anna, component);
    const pairs: XmppPair[] = [];
    // Who was just killed does not pick up.
    const timeouts = { ring: RING_MS };
    for (const [name, dialect] of FRIENDS) {
      const signIn = { email: emailOf(name), password: `pw-${name}`, services: msn.services, dialect, timeouts, trace };
      const ghost = `${name}\\40msn.test@${component}`;
      pairs.push({ name, person: await MsnPerson.signIn(signIn), ghost });
      await anna.waitForPresence(ghost, "online", ({ type }) => type === "available");
    }
    return new XmppDrill({ server, redis, msn, bridge, anna, pairs });
  }

  async close(): Promise<void> {
    await this.anna.close();
    for (const { person } of this.pairs) await person.signOut();
    await this.bridge.stop();
    await this.msn.close();
  }
}

export function emailOf(name: string): string {
  return `${name}@msn.test`;
}

async function link(anna: XmppPerson, gateway: string): Promise<void> {
  await anna.say(gateway, "link");
  const answer = await anna.waitForMessage(/\/link\//, gateway);
  await linkByPage(findLink(answer.body ?? "") ?? "", { email: emailOf("alice"), password: "pw-alice" });
  await anna.waitForPresence(gateway, "signed in", ({ type, show }) => type === "available" && show === undefined);
}
