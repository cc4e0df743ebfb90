/** Rooms of groups without a server: the test is the core, and people ask by stanzas. */
import { onTestFinished } from "vitest";
import {
  circleKey,
  type GroupKind,
  type GroupPerson,
  type GroupView,
  groupId,
} from "../../../../../src/bridge/groups/model.ts";
import {
  type GhostRef,
  type GroupMessage,
  parseContactAddress,
  type RoomId,
  residentId,
} from "../../../../../src/bridge/model.ts";
import type { HomeHost, IntakeItem } from "../../../../../src/bridge/ports/home.ts";
import type { RoomNoteStore } from "../../../../../src/bridge/ports/store.ts";
import type { ForeignRooms, ForeignRoomsOptions } from "../../../../../src/xmpp/component/groups/foreign.ts";
import { Groups } from "../../../../../src/xmpp/component/groups/hosting.ts";
import { IntakeSpool } from "../../../../../src/xmpp/intake.ts";
import type { ComponentLink } from "../../../../../src/xmpp/link/component-link.ts";
import { XMPP } from "../../../../../src/xmpp/name.ts";
import { Recall } from "../../../../../src/xmpp/recall.ts";
import { el, type XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { full, MUC, SECRET } from "../../conference/scene.ts";
import { NET, names, silent } from "../../support.ts";

const GROUP = groupId(NET, circleKey("00000000-0000-0000-0009-5e1f2a3b4c5d"));

export const ghost = (name: string): GhostRef => ({ network: NET, contact: parseContactAddress(`${name}@msn.test`) });
export const contact = (name: string): GroupPerson => ({
  kind: "ghost",
  ghost: ghost(name),
  name: name.slice(0, 1).toUpperCase() + name.slice(1),
  role: "member",
});
export const resident = (name: string, role: "admin" | "member" = "member"): GroupPerson => ({
  kind: "resident",
  resident: residentId(XMPP, `${name}@example.org`),
  role,
});

/** A group with Bob of MSN, Anna who runs it, and Bert, all of whom sit in its room. */
export class House {
  readonly sent: XmlElement[] = [];
  readonly items: IntakeItem[] = [];
  /** Ghosts who were asked something that they answer themselves. */
  readonly answered: string[] = [];
  readonly #notes = new Map<RoomId, string>();
  #groups = this.#made();
  view: GroupView;
  room = "" as RoomId;
  /** When the server has processed what is to be sent surely. */
  processed: Promise<void> = Promise.resolve();
  #said = 0;

  private constructor(kind: GroupKind) {
    const people = [contact("bob"), resident("anna", "admin"), resident("bert")];
    this.view = { id: GROUP, kind, name: "Family", topic: "", people, plumbed: false, rooms: [] };
  }

  static async open(kind: GroupKind = "circle"): Promise<House> {
    const house = new House(kind);
    onTestFinished(() => house.#groups.stop());
    await house.#groups.start();
    house.room = await house.#groups.openGroup(house.view);
    house.enter("anna", "Anna");
    house.enter("bert", "Bert");
    house.sent.length = 0;
    return house;
  }

  get groups(): Groups {
    return this.#groups;
  }

  /** The bridge ends, and begins again with what it has kept; `kept`: what an older one has kept of the room itself. */
  async restart(kept?: (head: string) => string): Promise<void> {
    await this.#groups.stop();
    if (kept !== undefined) this.#notes.set(this.room, kept(this.#notes.get(this.room) ?? ""));
    this.#groups = this.#made();
    await this.#groups.start();
  }

  #made(): Groups {
    const send = (...stanzas: XmlElement[]): void => void this.sent.push(...stanzas);
    const host = {
      intake: async (_home: string, _batch: string, items: readonly IntakeItem[]) => {
        this.items.push(...items);
        return "stored";
      },
    } as unknown as HomeHost;
    const notes: Pick<RoomNoteStore, "keepRoomNote" | "dropRoomNote" | "roomNotes"> = {
      keepRoomNote: async (_, room, note) => void this.#notes.set(room, note),
      dropRoomNote: async (_, room) => void this.#notes.delete(room),
      roomNotes: async () => this.#notes,
    };
    const sendSurely = async (...all: XmlElement[]): Promise<void> => {
      send(...all);
      await this.processed;
    };
    const link = { isOnline: true, send, sendLoosely: send, sendSurely };
    const foreign: Partial<ForeignRooms> = { start: async () => {}, stop: async () => {}, take: () => false };
    return new Groups({
      home: XMPP,
      host: () => host,
      names,
      link: link as unknown as ComponentLink,
      spool: new IntakeSpool({ home: XMPP, host: () => host, perResident: 100, log: silent }),
      secret: SECRET,
      notes: notes as RoomNoteStore,
      secrets: {} as ForeignRoomsOptions["secrets"],
      recall: new Recall(),
      say: async () => {
        throw new Error("nothing is to be said");
      },
      toGhost: () => {},
      answer: (ghost) => this.answered.push(ghost),
      foreign: foreign as ForeignRooms,
      log: silent,
    });
  }

  /** What was sent because of it. */
  #during(work: () => void): XmlElement[] {
    const before = this.sent.length;
    work();
    return this.sent.slice(before);
  }

  ask(stanza: XmlElement): XmlElement[] {
    return this.#during(() => this.#groups.take(stanza));
  }

  enter(client: string, nick: string, ...more: XmlElement[]): XmlElement[] {
    return this.ask(el("presence", { from: full(client), to: `${this.room}/${nick}` }, el("x", { xmlns: MUC }), more));
  }

  invite(client: string, to: string): XmlElement[] {
    const asked = el("x", { xmlns: `${MUC}#user` }, el("invite", { to }));
    return this.ask(el("message", { from: full(client), to: this.room, id: "inv" }, asked));
  }

  subject(client: string, text: string): XmlElement[] {
    return this.ask(el("message", { from: full(client), to: this.room, type: "groupchat" }, el("subject", {}, text)));
  }

  /** The answer to a change of somebody's rank or role. */
  admin(client: string, item: Record<string, string>): XmlElement | undefined {
    const query = el("query", { xmlns: `${MUC}#admin` }, el("item", item));
    const answers = this.ask(el("iq", { from: full(client), to: this.room, type: "set", id: "q" }, query));
    return answers.find(({ name }) => name === "iq");
  }

  /** Addresses of the people of that rank. */
  ranked(affiliation: string, asker = "anna"): string[] {
    const query = el("query", { xmlns: `${MUC}#admin` }, el("item", { affiliation }));
    const [answer] = this.ask(el("iq", { from: full(asker), to: this.room, type: "get", id: "q" }, query));
    const items = answer?.getChild("query")?.getChildren("item") ?? [];
    return items.flatMap(({ attrs: { jid = "" } }) => (jid.endsWith("@example.org") ? [jid] : [])).sort();
  }

  /** The group is this from now on. */
  async shape(change: Partial<GroupView>): Promise<XmlElement[]> {
    const before = this.sent.length;
    this.view = { ...this.view, ...change };
    await this.#groups.shapeGroup(this.room, this.view);
    return this.sent.slice(before);
  }

  async release(): Promise<void> {
    await this.#groups.releaseGroup(this.room, this.view, "unbridge");
  }

  async bobSays(text: string): Promise<XmlElement[]> {
    return await this.#says({ kind: "ghost", ghost: ghost("bob"), name: "Bob" }, text);
  }

  /** Somebody of Matrix without an account in the group, under that name. */
  async guestSays(name: string, text: string): Promise<XmlElement[]> {
    return await this.#says({ kind: "guest", resident: residentId(XMPP, "@max:matrix.test"), name }, text);
  }

  async #says(speaker: Parameters<Groups["deliverToGroup"]>[2], text: string): Promise<XmlElement[]> {
    const from = parseContactAddress("bob@msn.test");
    const message: GroupMessage = { kind: "text", from, fromName: speaker.name, text, at: Date.now() };
    const before = this.sent.length;
    this.#said += 1;
    await this.#groups.deliverToGroup(this.room, GROUP, speaker, message, `key ${this.#said}`);
    return this.sent.slice(before);
  }
}
