/** One place of a conversation, sockets of several workers in it, and what has come into the lane of a home. */
import { Conversations } from "../../../src/bridge/groups/conversations.ts";
import { Ears } from "../../../src/bridge/groups/ears.ts";
import type { Groups } from "../../../src/bridge/groups/groups.ts";
import { inLane } from "../../../src/bridge/groups/groups.ts";
import { Marks } from "../../../src/bridge/groups/marks.ts";
import { GroupMemory } from "../../../src/bridge/groups/memory.ts";
import type { GroupId, LiveGroup } from "../../../src/bridge/groups/model.ts";
import { groupHandle, groupId, setKey } from "../../../src/bridge/groups/model.ts";
import type { GroupTyping } from "../../../src/bridge/groups/typing.ts";
import { Inbox } from "../../../src/bridge/inbox.ts";
import type { LaneRunner } from "../../../src/bridge/lanes.ts";
import type { AccountId, AccountRecord, ContactAddress } from "../../../src/bridge/model.ts";
import type { GroupHooks } from "../../../src/bridge/ports/groups.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { contact, HOME, NET, record, silent } from "../../unit/bridge/support.ts";

/** Short, for tests: whoever hears of no reader for so long reads. */
export const LEASE_MS = 25;

/** A worker with the ears of groups alone; what it says to the store after its death is not said. */
export class Ear {
  readonly ears: Ears;
  readonly conversations: Conversations;
  readonly inbox: Inbox;
  readonly accounts = new Map<AccountId, AccountRecord>();
  isDead = false;
  /** Appends, as they were asked for. */
  asked = 0;

  constructor(real: Store, name: string, leaseMs = LEASE_MS) {
    const store = this.#mortal(real);
    const memory = new GroupMemory({ store, local: (id) => this.accounts.get(id), changed: () => {} });
    this.conversations = new Conversations(memory);
    const lanes = { wake: () => {} } as unknown as LaneRunner;
    this.inbox = new Inbox({ store, lanes, log: silent, overflow: () => {} });
    this.ears = new Ears({
      store,
      memory,
      conversations: this.conversations,
      groups: {} as Groups,
      marks: new Marks(store),
      typing: {} as GroupTyping,
      recalling: { talked: () => {} },
      inbox: () => this.#counting,
      lanes: () => lanes,
      reader: `${name} boot`,
      leaseMs,
      invited: () => {},
      log: silent,
    });
  }

  /** Whether all that was given to the store has been answered. */
  get isIdle(): boolean {
    return this.isDead || this.#busy === 0;
  }

  #busy = 0;

  readonly #counting = {
    receiveBy: (account: AccountRecord, spool: string, store: () => Promise<unknown>): boolean => {
      this.#busy += 1;
      return this.inbox.receiveBy(account, spool, async () => {
        await store();
        this.#busy -= 1;
      });
    },
  };

  #mortal(real: Store): Store {
    const never = new Promise<never>(() => {});
    const alive = <T>(send: () => Promise<T>): Promise<T> =>
      this.isDead ? never : send().then((value) => (this.isDead ? never : value));
    return {
      ...real,
      account: (id) => alive(() => real.account(id)),
      group: (id) => alive(() => real.group(id)),
      releaseReader: (...a) => alive(() => real.releaseReader(...a)),
      appendRead: (words) => {
        this.asked += 1;
        return alive(() => real.appendRead(words));
      },
    };
  }

  kill(): void {
    this.isDead = true;
    this.ears.stop();
  }
}

type Event = { readonly from: ContactAddress; readonly text: string } | "members";

/** What an account's client has received from the server, and not yet told of. */
export class Socket {
  readonly account: AccountRecord;
  readonly worker: Ear;
  readonly #hooks: GroupHooks;
  readonly #queue: { event: Event; live: LiveGroup }[] = [];
  /** What it has told of. */
  readonly told: string[] = [];

  constructor(name: string, worker: Ear) {
    this.account = record(name);
    worker.accounts.set(this.account.id, this.account);
    this.worker = worker;
    this.#hooks = worker.ears.hooks(() => this.account);
  }

  receive(event: Event, live: LiveGroup): void {
    this.#queue.push({ event, live: { ...live, handle: groupHandle(`${live.handle} of ${this.account.address}`) } });
  }

  /** Tells the core of so many things that have come. */
  tell(count = Number.POSITIVE_INFINITY): void {
    for (const { event, live } of this.#queue.splice(0, count)) {
      if (event === "members") this.#hooks.group(live);
      else {
        this.told.push(event.text);
        this.#hooks.message(live, { kind: "text", fromName: event.from, at: Date.now(), ...event });
      }
      this.#last = live;
    }
  }

  #last: LiveGroup | undefined;

  /** It leaves the conversation; what has come and was not told is gone. */
  leave(): void {
    if (this.#last) this.#hooks.ended(this.#last);
  }

  /** Its sign-in is lost. */
  lose(): void {
    this.worker.ears.gone(this.account);
  }
}

let places = 0;

/** The switchboard: who is on it, in which order what happens there. */
export class Board {
  readonly #place: string;
  readonly #people: ContactAddress[];
  /** Everybody who may ever be on it. */
  readonly #all: ContactAddress[];
  readonly sockets: Socket[] = [];
  readonly group: GroupId;
  readonly said: string[] = [];
  members: LiveGroup["members"] = [];

  /** `people`: those who are on it with clients of their own. `ours`: whose sockets may come. */
  constructor(people: readonly string[], ours: readonly string[]) {
    places += 1;
    this.#place = `board ${places}`;
    this.#people = [...people, `nobody${places}`].map(contact);
    this.#all = [...this.#people, ...ours.map(contact)];
    this.group = groupId(NET, setKey(this.#all));
  }

  join(socket: Socket): void {
    this.sockets.push(socket);
    // All workers take it for the same group, whom they have seen on it first.
    void socket.worker.conversations.starting(socket.account, this.group, this.#all, () => new Promise(() => {}));
    this.#changed();
  }

  /** It is off the board; whatever it does about that. */
  drop(socket: Socket): void {
    this.sockets.splice(this.sockets.indexOf(socket), 1);
    this.#changed();
  }

  say(from: string, text: string): void {
    this.said.push(text);
    for (const socket of this.sockets) socket.receive({ from: contact(from), text }, this.#live());
  }

  /** What is in the lane of the home, in order, as `from text`. */
  async read(store: Store): Promise<string[]> {
    const entries = await store.read(inLane(this.group, HOME), undefined, 10_000);
    return entries.flatMap(({ body }) =>
      body.from === "network" ? [`${body.message.from.split("@")[0]} ${body.message.text}`] : [],
    );
  }

  #changed(): void {
    this.members = this.#see().members;
    for (const socket of this.sockets) socket.receive("members", this.#live());
  }

  #live(): LiveGroup {
    return { ...this.#see(), members: this.members };
  }

  #see(): LiveGroup {
    const all = [...this.#people, ...this.sockets.map(({ account }) => account.address)];
    const members = all.map((address) => ({ address, role: "member" as const }));
    return { handle: groupHandle(this.#place), place: this.#place, kind: "several", name: "", members };
  }
}
