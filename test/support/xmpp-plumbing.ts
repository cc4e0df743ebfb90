import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { BridgeError } from "../../src/bridge/errors.ts";
import type { GroupPerson, GroupSpeaker, GroupView } from "../../src/bridge/groups/model.ts";
import { circleKey, groupId } from "../../src/bridge/groups/model.ts";
import { noMeter } from "../../src/bridge/metrics.ts";
import {
  type GroupMessage,
  type HomeEvent,
  type MessageId,
  parseContactAddress,
  parseNetworkName,
  type ResidentId,
  type RoomId,
  residentId,
  roomId,
} from "../../src/bridge/model.ts";
import type { HomeHost, IntakeItem } from "../../src/bridge/ports/home.ts";
import type { SecretStore } from "../../src/bridge/ports/store.ts";
import { Secret } from "../../src/bridge/secret.ts";
import type { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import type { XmppServer } from "../../src/cli/sandbox/xmpp-server.ts";
import { NS, type Stanza, xml } from "../../src/cli/sandbox/xmpp-stanza.ts";
import type { ForeignRooms } from "../../src/xmpp/component/groups/foreign.ts";
import type { ForeignLimits } from "../../src/xmpp/component/rooms/limits.ts";
import { createForeignRooms } from "../../src/xmpp/component/rooms/rooms.ts";
import { GhostJids } from "../../src/xmpp/convert/ghost.ts";
import { readStored } from "../../src/xmpp/convert/stored.ts";
import { IntakeSpool } from "../../src/xmpp/intake.ts";
import { ComponentLink } from "../../src/xmpp/link/component-link.ts";
import { XMPP } from "../../src/xmpp/name.ts";
import { Recall } from "../../src/xmpp/recall.ts";

export const NETWORK = parseNetworkName("msntest");
export const GROUP = groupId(NETWORK, circleKey("5"));
const WAIT_MS = 60_000;
/** Between two tries of what cannot be done at the moment, ms. */
const AGAIN_MS = 100;
const MUC = "http://jabber.org/protocol/muc";

/** Settings that ejabberd alone has. */
const EJABBERDS = new Set(["members_by_default"]);

/** What is kept of where a room was read moves on within a test, and nobody waits long before they try again. */
const HASTY: Partial<ForeignLimits> = { firstWaitMs: 50, longestWaitMs: 300, lookBackMs: 800 };

/** The core as the component's home sees it, and the store: both outlive the bridge's process. */
export class FakeCore implements HomeHost {
  readonly items: IntakeItem[] = [];
  readonly typed: string[] = [];
  readonly told: string[] = [];
  readonly notes = new Map<RoomId, string>();
  readonly #kept = new Map<string, Secret>();
  readonly secrets: SecretStore = {
    keepSecret: async (who, name, secret) => {
      this.#kept.set(`${who} ${name}`, secret);
    },
    secret: async (who, name) => this.#kept.get(`${who} ${name}`),
    dropSecret: async (who, name) => {
      this.#kept.delete(`${who} ${name}`);
    },
  };
  readonly #batches = new Set<string>();
  readonly #names: GhostJids;
  #watchers: (() => void)[] = [];

  constructor(names: GhostJids) {
    this.#names = names;
  }

  async intake(_: string, batch: string, items: readonly IntakeItem[]): Promise<"stored" | "repeated"> {
    if (this.#batches.has(batch)) return "repeated";
    this.#batches.add(batch);
    this.items.push(...items.map((item) => JSON.parse(JSON.stringify(item)) as IntakeItem));
    for (const look of this.#watchers) look();
    return "stored";
  }

  typing(_: RoomId, resident: ResidentId, typing: boolean): void {
    this.typed.push(`${resident} ${typing ? "types" : "stops"}`);
    for (const look of this.#watchers) look();
  }

  tell(text: string): void {
    this.told.push(text);
    for (const look of this.#watchers) look();
  }

  presence(): void {}
  isPortal = async () => true;
  isGroup = async () => true;
  isLinked = async () => true;

  /** What has happened, as the lanes would read it. */
  get events(): HomeEvent[] {
    return this.items.flatMap(({ raw }) => readStored(raw, XMPP, this.#names) ?? []);
  }

  /** What was said by others than the bridge: `resident: text`. */
  get texts(): string[] {
    return this.events.flatMap((event) => (event.kind === "text" ? [`${event.resident}: ${event.text}`] : []));
  }

  event<K extends HomeEvent["kind"]>(kind: K): (HomeEvent & { kind: K }) | undefined {
    return this.events.find((event): event is HomeEvent & { kind: K } => event.kind === kind);
  }

  async waitFor<T>(what: string, find: () => T | undefined | false): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`waited for ${what}; there is ${JSON.stringify(this.items, undefined, 1)}`)),
        WAIT_MS,
      );
      const look = (): void => {
        const found = find();
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((one) => one !== look);
        resolve(found);
      };
      this.#watchers.push(look);
      look();
    });
  }
}

/** One run of the bridge's process: the component's link, and its part in conferences of other services. */
export class Plumber {
  readonly rooms: ForeignRooms;
  readonly core: FakeCore;
  readonly link: ComponentLink;
  readonly #names: GhostJids;
  readonly #killed = Promise.withResolvers<never>();
  #isKilled = false;

  private constructor(server: XmppServer, core: FakeCore | undefined, limits: Partial<ForeignLimits>) {
    const log = pino({ level: process.env.MSNBRIDGE_TEST_LOG ?? "silent" });
    const secret = new Secret(server.secret);
    this.#killed.promise.catch(() => {});
    this.#names = new GhostJids(server.component, [NETWORK]);
    this.core = core ?? new FakeCore(this.#names);
    const { notes } = this.core;
    const host = (): HomeHost => {
      this.#expectAlive();
      return this.core;
    };
    this.link = new ComponentLink({
      service: { host: server.host, port: server.componentPort, domain: server.component, secret },
      home: XMPP,
      stanza: (stanza) => {
        this.rooms.take(stanza);
      },
      online: () => this.rooms.online(),
      offline: () => this.rooms.offline(),
      meter: noMeter,
      log,
      limits: { firstWaitMs: 50, longestWaitMs: 300 },
    });
    this.rooms = createForeignRooms({
      home: XMPP,
      host,
      names: this.#names,
      link: this.link,
      spool: new IntakeSpool({ home: XMPP, host, perResident: 500, log }),
      secret,
      secrets: this.core.secrets,
      recall: new Recall(),
      notes: {
        keepRoomNote: async (_, room, note) => {
          this.#expectAlive();
          notes.set(room, note);
        },
        dropRoomNote: async (_, room) => {
          this.#expectAlive();
          notes.delete(room);
        },
        roomNotes: async () => new Map(notes),
      },
      say: async (resident, text) => {
        this.core.tell(`${resident}: ${text}`);
        return "said" as MessageId;
      },
      limits: { ...HASTY, ...limits },
      log,
    });
  }

  static async start(server: XmppServer, core?: FakeCore, limits: Partial<ForeignLimits> = {}): Promise<Plumber> {
    const plumber = new Plumber(server, core, limits);
    await plumber.rooms.start();
    plumber.link.start();
    await plumber.link.attached();
    return plumber;
  }

  /** Ends in good order. */
  async stop(): Promise<void> {
    await this.rooms.stop();
    await this.link.stop();
  }

  /** Ends as a killed process does: no room hears of it, and what it has not stored by now it never will. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#killed.reject(new BridgeError("home-down", { detail: "killed" }));
    await this.link.stop();
  }

  #expectAlive(): void {
    if (this.#isKilled) throw new BridgeError("store-down", { detail: "killed" });
  }

  /** As a lane does it: what fails for now is tried again, as long as this process lives. */
  async #eventually<T>(task: () => Promise<T>): Promise<T> {
    const end = Date.now() + WAIT_MS;
    for (;;) {
      try {
        return await task();
      } catch (error) {
        const mayPass = error instanceof BridgeError && error.code === "home-down";
        if (!mayPass || this.#isKilled || Date.now() > end) throw error;
      }
      await pause(AGAIN_MS);
    }
  }

  /** Ties a room as `bridge` does it. */
  async tie(room: string, view: Partial<GroupView> = {}): Promise<void> {
    const whole = { ...viewOf("anna", "bob", "carol"), ...view };
    await this.#eventually(() => this.rooms.shapeGroup(roomId(room), whole));
  }

  /** Resolves when the room has given it back. @throws BridgeError `home-down` when this process is killed */
  async say(room: string, who: GroupSpeaker, text: string, more: Partial<GroupMessage> = {}, key = text) {
    const from = parseContactAddress(`${who.name.toLowerCase()}@msn.test`);
    const message: GroupMessage = { kind: "text", from, fromName: who.name, text, at: Date.now(), ...more };
    // Who waits for it is killed as well.
    return await Promise.race([
      this.#eventually(() => this.rooms.deliverToGroup(roomId(room), GROUP, who, message, key)),
      this.#killed.promise,
    ]);
  }
}

export function viewOf(...names: string[]): GroupView {
  const people = names.map((name): GroupPerson => {
    return { kind: "ghost", ghost: ghostOf(name), name: capital(name), role: "member" };
  });
  return { id: GROUP, kind: "circle", name: "Friends", topic: "", people, plumbed: true, rooms: [] };
}

export function ghost(name: string): GroupSpeaker & { kind: "ghost" } {
  return { kind: "ghost", ghost: ghostOf(name), name: capital(name) };
}

export function guest(resident: string, name: string): GroupSpeaker {
  return { kind: "guest", resident: resident as ResidentId, name };
}

export const resident = (jid: string): ResidentId => residentId(XMPP, jid);

function ghostOf(name: string) {
  return { network: NETWORK, contact: parseContactAddress(`${name}@msn.test`) };
}

const capital = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

/** Makes a conference of one's own with these settings, e.g. `{membersonly: "1"}`. */
export async function makeRoom(
  person: XmppPerson,
  jid: string,
  nick: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  await person.joinRoom(jid, nick);
  const named = Object.entries({ persistentroom: "1", ...settings });
  const field = (name: string, value: string): Stanza => xml("field", { var: name }, xml("value", {}, value));
  const form = xml(
    "x",
    { xmlns: NS.data, type: "submit" },
    field("FORM_TYPE", `${MUC}#roomconfig`),
    named.map(([name, value]) => field(EJABBERDS.has(name) ? name : `muc#roomconfig_${name}`, value)),
  );
  await person.ask.query("set", jid, xml("query", { xmlns: `${MUC}#owner` }, form)).catch(noAnswerNeeded);
}

/** Sets an affiliation (by `jid`) or a role (by `nick`). */
export async function setRank(
  person: XmppPerson,
  room: string,
  item: Readonly<Record<string, string>>,
  reason?: string,
): Promise<void> {
  const change = xml("item", item, reason === undefined ? undefined : xml("reason", {}, reason));
  await person.ask.query("set", room, xml("query", { xmlns: `${MUC}#admin` }, change)).catch(noAnswerNeeded);
}

/** A result of these is empty; `query` wants a child. */
function noAnswerNeeded(error: unknown): void {
  if (!(error instanceof Error) || !error.message.startsWith("an answer without")) throw error;
}
