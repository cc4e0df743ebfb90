import { BridgeError } from "../../src/bridge/errors.ts";
import type { GroupHandle, GroupRole, GroupWords, LiveGroup } from "../../src/bridge/groups/model.ts";
import { groupHandle } from "../../src/bridge/groups/model.ts";
import type { ContactAddress } from "../../src/bridge/model.ts";
import type { CircleInvitation } from "../../src/bridge/ports/groups.ts";
import type { ToySession } from "./toy-network.ts";

/** What a session of the toy network has to do with boards. */
export interface BoardServer {
  readonly sessions: ReadonlyMap<string, ToySession>;
  readonly away: ReadonlySet<string>;
}

type Said = Partial<Pick<GroupWords, "mark" | "nudge" | "rich" | "kind" | "via">>;

/** One conversation of several people on the toy network. */
export class ToyBoard {
  readonly id: string;
  readonly kind: LiveGroup["kind"];
  name: string;
  readonly members = new Map<ContactAddress, GroupRole>();
  /** Everything that was said, as `from: words`. */
  readonly said: string[] = [];
  readonly marks: string[] = [];
  readonly #server: BoardServer;
  readonly #heard: Map<ContactAddress, string[]>;

  constructor(o: {
    id: string;
    kind: LiveGroup["kind"];
    name: string;
    server: BoardServer;
    heard: Map<ContactAddress, string[]>;
  }) {
    this.id = o.id;
    this.kind = o.kind;
    this.name = o.name;
    this.#server = o.server;
    this.#heard = o.heard;
  }

  get handle(): GroupHandle {
    return groupHandle(this.id);
  }

  get live(): LiveGroup {
    const members = [...this.members].map(([address, role]) => ({ address, name: nameOf(address), role }));
    const circle = this.kind === "circle" ? { circle: this.id } : {};
    return { handle: this.handle, kind: this.kind, ...circle, name: this.name, members };
  }

  join(address: ContactAddress, role: GroupRole = "member"): void {
    this.members.set(address, role);
    this.tell();
  }

  leave(address: ContactAddress): void {
    if (!this.members.has(address)) return;
    const before = this.live;
    this.members.delete(address);
    this.#server.sessions.get(address)?.hooks.groups?.ended(before);
    this.tell();
  }

  rename(name: string): void {
    this.name = name;
    this.tell();
  }

  /** All sessions in it see it as it is. */
  tell(): void {
    for (const address of this.members.keys()) this.#server.sessions.get(address)?.hooks.groups?.group(this.live);
  }

  /** Somebody says something; the others get it, as those without a session here do in {@link ToyBoards.heard}. */
  say(from: ContactAddress, text: string, how: Said = {}): void {
    this.said.push(`${from}: ${text}`);
    if (how.mark) this.marks.push(how.mark);
    for (const to of [...this.members.keys()]) if (to !== from) this.#give(to, from, text, how);
  }

  /** An account's owner says something in their own Messenger, which the account's session here sees, too. */
  sayElsewhere(from: ContactAddress, text: string): void {
    this.say(from, text);
    const words = {
      kind: "text",
      from,
      fromName: nameOf(from),
      text,
      at: Date.now(),
      own: { device: "Laptop" },
    } as const;
    this.#server.sessions.get(from)?.hooks.groups?.message(this.live, words);
  }

  type(from: ContactAddress): void {
    for (const to of this.members.keys())
      if (to !== from) this.#server.sessions.get(to)?.hooks.groups?.typing(this.live, from);
  }

  #give(to: ContactAddress, from: ContactAddress, text: string, how: Said): void {
    const session = this.#server.sessions.get(to);
    if (session)
      session.hooks.groups?.message(this.live, {
        kind: "text",
        from,
        fromName: nameOf(from),
        text,
        at: Date.now(),
        ...how,
      });
    else this.#heard.set(to, [...(this.#heard.get(to) ?? []), `${from}: ${text}`]);
  }
}

/** The boards of the toy network: conversations that come and go, and circles that stay. */
export class ToyBoards {
  readonly all: ToyBoard[] = [];
  /** What people without a session here have heard, as `from: words`. */
  readonly heard = new Map<ContactAddress, string[]>();
  readonly typed: string[] = [];
  readonly invitations = new Map<ContactAddress, CircleInvitation[]>();
  /** The next call into a group fails with this. */
  refusal: BridgeError | undefined;
  /** While set, words of sessions have arrived but are not acknowledged. */
  withheld: PromiseWithResolvers<void> | undefined;
  /** How many conversations were called together by sessions. */
  started = 0;
  readonly #server: BoardServer;
  #next = 0;

  constructor(server: BoardServer) {
    this.#server = server;
  }

  /** A conversation of these people. */
  gather(...people: ContactAddress[]): ToyBoard {
    return this.#make("several", "", people);
  }

  circle(name: string, ...people: ContactAddress[]): ToyBoard {
    return this.#make("circle", name, people);
  }

  #make(kind: LiveGroup["kind"], name: string, people: readonly ContactAddress[]): ToyBoard {
    this.#next += 1;
    const id =
      kind === "circle" ? `00000000-0000-0000-0009-${String(this.#next).padStart(12, "0")}` : `board-${this.#next}`;
    const board = new ToyBoard({ id, kind, name, server: this.#server, heard: this.heard });
    for (const [at, address] of people.entries())
      board.members.set(address, kind === "circle" && at === 0 ? "admin" : "member");
    this.all.push(board);
    board.tell();
    return board;
  }

  of(address: ContactAddress): ToyBoard[] {
    return this.all.filter(({ members }) => members.has(address));
  }

  /** The account's session has begun: it sees its circles. */
  begun(session: ToySession, address: ContactAddress): void {
    for (const board of this.of(address)) if (board.kind === "circle") session.hooks.groups?.group(board.live);
    for (const one of this.invitations.get(address) ?? []) session.hooks.groups?.invited(one);
  }

  /** The account's session is over: who is gone is out of all that does not last. */
  over(address: ContactAddress): void {
    for (const board of this.of(address))
      if (board.kind === "several") {
        board.members.delete(address);
        board.tell();
      }
  }

  /** @throws BridgeError `group-gone` */
  board(handle: GroupHandle, by: ContactAddress): ToyBoard {
    const refusal = this.refusal;
    this.refusal = undefined;
    if (refusal) throw refusal;
    const board = this.of(by).find((one) => one.handle === handle);
    if (!board) throw new BridgeError("group-gone");
    return board;
  }

  start(by: ContactAddress, members: readonly ContactAddress[]): ToyBoard {
    const refusal = this.refusal;
    this.refusal = undefined;
    if (refusal) throw refusal;
    const there = members.filter((one) => !this.#server.away.has(one));
    if (there.length === 0) throw new BridgeError("group-gone", { detail: "nobody of the group is there" });
    this.started += 1;
    return this.#make("several", "", [by, ...there]);
  }
}

/** How the toy network shows people: `bob@msn.test` is Bob. */
export function nameOf(address: ContactAddress): string {
  const local = address.slice(0, address.indexOf("@"));
  return local.slice(0, 1).toUpperCase() + local.slice(1);
}
