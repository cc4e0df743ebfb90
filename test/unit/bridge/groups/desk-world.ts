import { BridgeError } from "../../../../src/bridge/errors.ts";
import type { DeskGroups } from "../../../../src/bridge/groups/desk/desk-options.ts";
import { createGroupDesk } from "../../../../src/bridge/groups/desk.ts";
import { Invitations } from "../../../../src/bridge/groups/invitations.ts";
import type {
  GroupId,
  GroupMember,
  GroupRecord,
  GroupRole,
  GroupRoom,
  LiveGroup,
} from "../../../../src/bridge/groups/model.ts";
import { circleKey, groupHandle, groupId, groupParts, setKey } from "../../../../src/bridge/groups/model.ts";
import { viewFor } from "../../../../src/bridge/groups/view.ts";
import type {
  AccountId,
  AccountRecord,
  LaneRef,
  PortalRecord,
  ResidentId,
  RoomId,
} from "../../../../src/bridge/model.ts";
import { accountParts, parseHomeName, residentId, residentParts, roomId } from "../../../../src/bridge/model.ts";
import { Nudges } from "../../../../src/bridge/nudges.ts";
import type { CircleInvitation, GroupHosting, GroupTalking, RoomPower } from "../../../../src/bridge/ports/groups.ts";
import type { Home } from "../../../../src/bridge/ports/home.ts";
import type { NudgeSending, Session } from "../../../../src/bridge/ports/network.ts";
import { Told } from "../../../../src/bridge/told.ts";
import { account, alice, contact, HOME, NET, portal, record, silent } from "../support.ts";

export const XHOME = parseHomeName("xhome");
export const anna: ResidentId = residentId(HOME, "@anna:toy");
export const xavier: ResidentId = residentId(XHOME, "xavier@x.test");
export const member = (name: string, role: GroupRole = "member", shown?: string): GroupMember => ({
  address: contact(name),
  role,
  ...(shown === undefined ? {} : { name: shown }),
});

/** The desk on groups in memory, with two homes and a network that say what was done to them. */
export class DeskWorld {
  /** What was done, in order. */
  readonly did: string[] = [];
  readonly records = new Map<GroupId, GroupRecord>();
  readonly direct = new Map<AccountId, PortalRecord[]>();
  readonly live: LiveGroup[] = [];
  readonly invitations: CircleInvitation[] = [];
  /** Power in rooms; elsewhere there is none. */
  readonly powers = new Map<RoomId, RoomPower>();
  /** Rooms out of which the bridge was thrown. */
  readonly lost = new Set<RoomId>();
  readonly absent = new Set<string>();
  /** Accounts that are not signed in. */
  readonly away = new Set<AccountId>();
  /** Who is in a group as the network has it, where that is not stored yet. */
  readonly now = new Map<GroupId, readonly GroupMember[]>();
  readonly admins = new Set<ResidentId>();
  readonly lent = new Set<AccountId>();
  readonly owners = new Map<AccountId, readonly ResidentId[]>([[account("alice"), [alice]]]);
  readonly depths = new Map<string, number>();
  refusal: BridgeError | undefined;
  readonly #turns = new Map<string, Promise<unknown>>();
  /** ms */
  clock = 0;
  readonly desk = createGroupDesk(this.#options());

  circle(guid: string, name: string, members: readonly GroupMember[], change: Partial<GroupRecord> = {}): GroupRecord {
    return this.#keep(groupId(NET, circleKey(guid)), { kind: "circle", circle: guid, name, members, ...change });
  }

  several(members: readonly GroupMember[], change: Partial<GroupRecord> = {}): GroupRecord {
    const id = groupId(NET, setKey(members.map(({ address }) => address)));
    return this.#keep(id, { kind: "several", name: "", members, ...change });
  }

  chatWith(name: string, resident: ResidentId = alice): PortalRecord {
    const room = { home: residentParts(resident).home, room: roomId(`!${name}`), resident };
    const one: PortalRecord = {
      id: portal(name),
      account: account(),
      conversation: contact(name) as never,
      rooms: [room],
    };
    this.direct.set(account(), [...(this.direct.get(account()) ?? []), one]);
    return one;
  }

  /** Somebody asks, with their accounts, in a room. */
  as(resident: ResidentId = alice, room?: string) {
    const accounts = [...this.owners]
      .filter(([, owners]) => owners.includes(resident))
      .map(([id]) => this.recordOf(id));
    return { resident, accounts, ...(room === undefined ? {} : { room: roomId(room) }) };
  }

  recordOf(id: AccountId): AccountRecord {
    return record(accountParts(id).address.replace("@msn.test", ""), { owners: this.owners.get(id) ?? [] });
  }

  group(id: GroupId): GroupRecord {
    const found = this.records.get(id);
    if (!found) throw new Error(`there is no group ${id}`);
    return found;
  }

  #keep(id: GroupId, change: Partial<GroupRecord> & Pick<GroupRecord, "kind" | "members">): GroupRecord {
    const linked = [...this.owners.keys()];
    const seats = linked.filter((one) =>
      change.members.some(({ address, role }) => address === accountParts(one).address && role !== "pending"),
    );
    const full: GroupRecord = { id, name: "", topic: "", seats, rooms: [], ...change };
    this.records.set(id, full);
    return full;
  }

  #groups(): DeskGroups {
    const change = (id: GroupId, fields: object): GroupRecord => {
      const next = { ...this.group(id), ...fields };
      this.records.set(id, next);
      return next;
    };
    const groups: DeskGroups = {
      record: async (id) => this.records.get(id),
      reread: async (id) => this.records.get(id),
      inTurn: (of, step) => {
        const turn = (this.#turns.get(of) ?? Promise.resolve()).then(step);
        this.#turns.set(
          of,
          turn.catch(() => {}),
        );
        return turn;
      },
      ofAccount: async (id) => [...this.records.values()].filter(({ seats }) => seats.includes(id)),
      ofRoom: async (home, room) =>
        [...this.records.values()].find(({ rooms }) => rooms.some((one) => one.home === home && one.room === room)),
      known: async ({ id }, live) => {
        const key =
          live.circle === undefined ? setKey(live.members.map(({ address }) => address)) : circleKey(live.circle);
        const { kind, name, members } = live;
        const known = this.records.get(groupId(NET, key));
        return known ?? this.#keep(groupId(NET, key), { kind, name, members, seats: [id] });
      },
      live: async (one, id) => {
        if (this.away.has(one.id)) throw new BridgeError("not-signed-in", { address: one.address });
        const { kind, name, members: stored } = this.group(id);
        const members = this.now.get(id) ?? stored;
        this.did.push(`live ${one.address}`);
        return {
          session: this.#session(one.id),
          handle: groupHandle(groupParts(id).key),
          live: { handle: groupHandle("h"), kind, name, members },
        };
      },
      liveNow: (one, id) => {
        const { kind, name, members: stored } = this.group(id);
        if (kind !== "circle" || this.away.has(one)) return undefined;
        const members = this.now.get(id) ?? stored;
        const handle = groupHandle(groupParts(id).key);
        return { session: this.#session(one), handle, live: { handle, kind, name, members } };
      },
      save: async (id, { relay, ...fields }) => {
        if (relay === null) {
          const { relay: _, ...rest } = this.group(id);
          this.records.set(id, rest);
        }
        return change(id, { ...fields, ...(relay ? { relay } : {}) });
      },
      leave: async (one, id) => {
        change(id, { seats: this.group(id).seats.filter((seat) => seat !== one) });
      },
      tie: async (id, room) => {
        this.did.push(`tie ${room.home} ${room.room}${room.by ? ` by ${room.by}` : ""}`);
        const others = this.group(id).rooms.filter(({ home }) => home !== room.home);
        return change(id, { rooms: [...others, room] });
      },
      mark: async (id, { home, room }, parked) => {
        this.did.push(parked === undefined ? `go on in ${home} ${room}` : `stop ${home} ${room}: ${parked}`);
        const marked = this.group(id).rooms.map((one) => {
          const { parked: _, ...tie } = one;
          return one.home === home ? { ...tie, ...(parked === undefined ? {} : { parked }) } : one;
        });
        change(id, { rooms: marked });
        return true;
      },
      untie: async (id, home) => {
        this.did.push(`untie ${home}`);
        change(id, { rooms: this.group(id).rooms.filter((one: GroupRoom) => one.home !== home) });
      },
      drop: async (id) => {
        this.did.push("drop");
        this.records.delete(id);
      },
      view: async (one, home) =>
        viewFor(one, home, { owners: (id) => this.owners.get(id) ?? [], name: () => undefined }),
      residents: async ({ seats }, home) =>
        seats.flatMap((seat) => this.owners.get(seat) ?? []).filter((owner) => residentParts(owner).home === home),
    };
    return groups;
  }

  #home(name: typeof HOME, title: string): Home {
    const home: Pick<Home, "name" | "title" | "say" | "decline"> & GroupHosting = {
      name,
      title,
      say: async (resident, room, text) => {
        this.did.push(`say ${room ?? resident}: ${text}`);
        return "$said" as never;
      },
      decline: async (room, ghost, why) => void this.did.push(`${ghost?.contact} leaves ${room}: ${why.person}`),
      openGroup: async ({ people }) => {
        this.did.push(`open for ${people.length}`);
        return roomId("!made");
      },
      shapeGroup: async (room) => {
        if (this.lost.has(room)) throw new BridgeError("room-gone");
        this.did.push(`shape ${room}`);
      },
      deliverToGroup: async () => "$x" as never,
      showGroupTyping: async () => {},
      nameIn: async () => "x",
      publicName: (room) => `here:${room}`,
      findRoom: async (text) => {
        if (text.startsWith("#nowhere")) throw new BridgeError("room-unknown", { detail: `${text} was not found` });
        return roomId(text.replace("#", "!"));
      },
      mayBridge: async (room) =>
        this.powers.get(room) ?? { allowed: false, because: "you need power level 50 in that room." },
      releaseGroup: async (room, _, how) => void this.did.push(`${how} ${room}`),
    };
    return home as unknown as Home;
  }

  #session(id: AccountId): Session & GroupTalking & NudgeSending {
    const act =
      (what: string) =>
      async (_: unknown, ...rest: readonly unknown[]): Promise<void> => {
        if (this.refusal) throw this.refusal;
        this.did.push([what, ...rest].join(" "));
      };
    const session: Partial<Session & GroupTalking & NudgeSending> = {
      displayName: "Alice",
      contact: (address) => ({
        address,
        displayName: address === contact("bob") ? "Bob" : address,
        presence: { availability: "online", text: "" },
        listed: true,
        blocked: false,
        groups: [],
      }),
      contacts: () => [],
      liveGroups: () => this.live,
      circleInvitations: () => this.invitations,
      startGroup: async (members) => {
        if (this.refusal) throw this.refusal;
        const came = members.filter((one) => !this.absent.has(one));
        this.did.push(`start ${came.join(" ")}`);
        const all = [accountParts(id).address, ...came].map((address) => ({ address, role: "member" as const }));
        return { handle: groupHandle("new"), kind: "several", name: "", members: all };
      },
      createCircle: async (name) => {
        if (this.refusal) throw this.refusal;
        return {
          handle: groupHandle("c"),
          kind: "circle",
          circle: "new-circle",
          name,
          members: [member("alice", "admin")],
        };
      },
      answerCircle: async (circle, accept) => void this.did.push(`answer ${circle} ${accept}`),
      sendToGroup: async () => {},
      nudgeGroup: act("nudge group"),
      sendNudge: async (to) => {
        if (this.refusal) throw this.refusal;
        this.did.push(`nudge ${to}`);
      },
      inviteToGroup: act("invite"),
      leaveGroup: act("leave"),
      removeMember: act("remove"),
      nameGroup: act("rename"),
      setGroupRole: act("role"),
    };
    return session as Session & GroupTalking & NudgeSending;
  }

  #options() {
    const told = new Told({ tell: async () => {}, untell: async () => {}, told: async () => [] });
    const say = async () => {};
    return {
      groups: this.#groups(),
      store: {
        append: async (lane: LaneRef) => {
          this.did.push(`append ${lane.kind === "in" ? lane.home : lane.kind}`);
          return "1" as never;
        },
        dropLane: async (lane: LaneRef) => void this.did.push(`drop lane ${lane.kind}`),
        held: async (lane: LaneRef) => ({ waiting: this.depths.get(lane.kind) ?? 0, parked: 0 }),
        contactsOf: async () => [],
        allGroups: async () => [...this.records.keys()],
      },
      portals: {
        ofAccount: async (id: AccountId) => this.direct.get(id) ?? [],
        ofRoom: async (home: typeof HOME, room: RoomId) => {
          const all = [...[...this.direct.values()].flat(), ...this.records.values()];
          return all.find(({ rooms }) => rooms.some((one) => one.home === home && one.room === room))?.id;
        },
        forgetRoom: () => {},
        unbind: async (_: unknown, home: string, room: RoomId) => void this.did.push(`unbind ${home} ${room}`),
      },
      homes: new Map([
        [HOME, this.#home(HOME, "Toyhome")],
        [XHOME, this.#home(XHOME, "Xhome")],
      ]),
      networks: new Map(),
      fleet: {
        session: (id: AccountId) => (this.away.has(id) ? undefined : this.#session(id)),
        record: (id: AccountId) => this.recordOf(id),
      },
      lanes: () => ({ wake: () => {}, reread: () => {} }),
      nudges: new Nudges(() => this.clock),
      mark: async () => "a-mark",
      isAdmin: (resident: ResidentId) => this.admins.has(resident),
      isRelay: (id: AccountId) => this.lent.has(id),
      log: silent,
      invitations: new Invitations({ told, log: silent, say, holds: async () => false }),
    };
  }
}
