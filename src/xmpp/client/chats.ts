import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import {
  type GhostRef,
  type HomeName,
  type PortalRoom,
  type Presence,
  type ResidentId,
  type RoomId,
  residentId,
  roomId,
} from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import type { HomeHost, IntakeItem } from "../../bridge/ports/home.ts";
import { RecentMap } from "../../bridge/recent.ts";
import { residentJid } from "../convert/ghost.ts";
import { toShown } from "../convert/presence.ts";
import type { Stored } from "../convert/stored.ts";
import type { IntakeSpool } from "../intake.ts";
import { type BareJid, type Jid, withResource } from "../jid.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { asHomeError } from "../muc/failures.ts";
import { asJid, directInvitation, mediatedInvitation, type RoomMessage } from "../muc/room-words.ts";
import { batchInRoom, namesOf, spokenIn, take } from "../muc/taking.ts";
import type { Recall } from "../recall.ts";
import { readMessage } from "../stanza/message.ts";
import type { Shown } from "../stanza/presence.ts";
import type { ChatNote } from "./notes.ts";
import {
  bookmark,
  bookmarkAgain,
  configureRoom,
  findMucService,
  forgetBookmark,
  grantMembership,
  roomFor,
} from "./room-admin.ts";
import { Seat, type SeatingOptions } from "./seat.ts";

export interface ChatsOptions extends SeatingOptions {
  readonly home: HomeName;
  readonly host: () => HomeHost;
  readonly spool: IntakeSpool;
  readonly account: BareJid;
  readonly personal: boolean;
  /** What the bridge calls itself. */
  readonly name: string;
  readonly recall: Recall;
  readonly mucService: BareJid | undefined;
  readonly inviteMs: number;
  /** Says something in a room as the bridge. */
  readonly notice: (seat: Seat, text: string) => void;
  readonly log: Logger;
}

type Chat = Seat<ChatNote>;

const LONGEST_NICK = 60;
const GHOSTS = 20_000;
const OFFLINE: Presence = { availability: "offline", text: "" };
/** A room has no place for who is not there: this is how a contact who is offline sits in theirs. */
const GONE: Shown = { show: "xa", status: "Offline" };

/** Chats with contacts: each a small room of the account's own, in which it sits as the contact. */
export class Chats {
  readonly #o: ChatsOptions;
  readonly #chats = new Map<RoomId, Chat>();
  readonly #presences = new RecentMap<string, Presence>(GHOSTS);
  /** When somebody who is not in their room was last asked in, Unix ms. */
  readonly #invited = new RecentMap<RoomId, number>(GHOSTS);
  #service: Promise<BareJid> | undefined;

  constructor(options: ChatsOptions) {
    this.#o = options;
  }

  /** `undefined`: there is none, or it is destroyed for good. */
  get(room: RoomId): Chat | undefined {
    const chat = this.#chats.get(room);
    return chat?.room?.isLost ? undefined : chat;
  }

  all(): Iterable<Chat> {
    return this.#chats.values();
  }

  /** A room of an earlier run. */
  async restore(room: RoomId, note: ChatNote): Promise<void> {
    await this.#seat(room as string as BareJid, note, true).sit();
  }

  /**
   * The room of a chat, made if it is not there yet; `what` names the chat for ever.
   * @throws BridgeError as {@link Home.openDirect}.
   */
  async open(what: string, resident: ResidentId, ghost: GhostRef, name: string): Promise<Chat> {
    const { secret, account, client } = this.#o;
    if (!client.link.isOnline) throw new BridgeError("home-down", { detail: "the account is not signed in" });
    const jid = roomFor(await this.#serviceOf(), secret, account, what);
    let chat = this.#chats.get(roomId(jid));
    if (chat === undefined) {
      chat = this.#seat(jid, { kind: "chat", resident, ghost, name, position: { at: Date.now() } }, false);
      // Known before it is there: after a crash it is entered again.
      await chat.keep({});
    }
    await chat.sit();
    chat.expectIn();
    return chat;
  }

  rename(ghost: GhostRef, name: string): void {
    for (const chat of this.#of(ghost)) if (chat.note.name !== name) this.#renamed(chat, { name });
  }

  /** The resident's own name for the contact, here alone; empty: the contact's own again. */
  nickname(chat: Chat, nickname: string): void {
    if ((chat.note.nickname ?? "") !== nickname) this.#renamed(chat, { nickname });
  }

  show(ghost: GhostRef, presence: Presence): void {
    this.#presences.set(keyOf(ghost), presence);
    for (const chat of this.#of(ghost)) chat.room?.show(shownOf(presence));
  }

  /** Something was said to who may not be there: they are asked in again, now and then. */
  invite(chat: Chat): void {
    const { personal, inviteMs, client, log } = this.#o;
    const room = roomId(chat.jid);
    if (chat.room === undefined) return;
    // On an account of one's own the first is the contact.
    if (chat.room.occupants.nicksOf(residentJid(chat.note.resident)).length > (personal ? 1 : 0)) return;
    if (Date.now() - (this.#invited.get(room) ?? 0) < inviteMs) return;
    if (personal) {
      this.#invited.set(room, Date.now());
      this.#loosely(bookmarkAgain(client.link, chat.jid, nickOf(chat.note)), "a room was not noted again");
      return;
    }
    try {
      this.#ask(chat, "direct");
    } catch (error) {
      log.debug({ err: asBridgeError(error), room }, "an invitation was not sent");
    }
  }

  #loosely(done: Promise<void>, what: string): void {
    done.catch((error: unknown) => this.#o.log.debug({ err: asBridgeError(error) }, what));
  }

  #of(ghost: GhostRef): Chat[] {
    const key = keyOf(ghost);
    return [...this.#chats.values()].filter((chat) => keyOf(chat.note.ghost) === key);
  }

  async #serviceOf(): Promise<BareJid> {
    const { mucService, client, account } = this.#o;
    if (mucService !== undefined) return mucService;
    this.#service ??= findMucService(client.link, account);
    try {
      return await this.#service;
    } catch (error) {
      this.#service = undefined;
      throw asHomeError(error);
    }
  }

  #seat(jid: BareJid, note: ChatNote, isKnown: boolean): Chat {
    const { log, host } = this.#o;
    const { ghost } = note;
    const room = roomId(jid);
    const chat: Chat = new Seat<ChatNote>({
      ...this.#o,
      jid,
      note,
      isKnown,
      room: {
        nick: nickOf(note),
        plainNick: ghost.contact,
        isOwn: true,
        shown: shownOf(this.#presences.get(keyOf(ghost)) ?? OFFLINE),
        said: async (message) => await this.#said(chat, message),
        typing: (nick, isTyping) => {
          const { resident } = chat.note;
          if (this.#isResident(chat, chat.room?.occupants.get(nick)?.jid)) host().typing(room, resident, isTyping);
        },
        entered: async (how) => await this.#entered(chat, how),
      },
      spoke: (message) => this.#o.recall.note(spokenIn(message), message.body),
      changed: ({ isIn, why, triesAgain }) => {
        if (!isIn && !triesAgain) log.error({ room: jid, why }, "the account is not let into a chat's own room");
      },
    });
    this.#chats.set(room, chat);
    return chat;
  }

  /** A room that is new, or was not set up to its end. */
  async #entered(chat: Chat, how: { isNew: boolean; affiliation: string }): Promise<void> {
    const { link } = this.#o.client;
    if (!how.isNew && chat.note.isReady) return;
    if (how.affiliation !== "owner") throw new StanzaRefusal("forbidden", "the room belongs to somebody else");
    await configureRoom(link, chat.jid, nickOf(chat.note));
    await this.#welcome(chat);
    await chat.keep({ isReady: true });
  }

  /** Lets the resident in, and tells their clients of the room. */
  async #welcome(chat: Chat): Promise<void> {
    const { client, personal, account } = this.#o;
    const person = residentJid(chat.note.resident);
    try {
      if (personal) await bookmark(client.link, chat.jid, nickOf(chat.note));
      else await grantMembership(client.link, chat.jid, person);
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      this.#ask(chat, personal ? "direct" : "mediated");
      return;
    }
    if (person !== account) this.#ask(chat, "direct");
  }

  /** @throws BridgeError `home-down`, `home-busy`. */
  #ask(chat: Chat, how: "direct" | "mediated"): void {
    const person = residentJid(chat.note.resident);
    const reason = `${nickOf(chat.note)} on ${this.#o.name} (${chat.note.ghost.contact})`;
    const invitation = how === "direct" ? directInvitation : mediatedInvitation;
    this.#invited.set(roomId(chat.jid), Date.now());
    // If it goes down with the session, the contact's next words bring another.
    this.#o.client.link.send(invitation(chat.jid, person, randomUUID(), reason));
  }

  #renamed(chat: Chat, change: Partial<ChatNote>): void {
    const { client } = this.#o;
    chat.keepLater(change);
    const nick = nickOf(chat.note);
    chat.room?.rename(nick);
    if (!chat.room?.isIn) return;
    this.#loosely(configureRoom(client.link, chat.jid, nick), "a room's name was not changed");
  }

  #isResident(chat: Chat, jid: BareJid | undefined): boolean {
    return jid !== undefined && jid === residentJid(chat.note.resident);
  }

  async #said(chat: Chat, message: RoomMessage): Promise<void> {
    const { spool, home, notice, recall } = this.#o;
    const from = this.#speakerOf(chat, message);
    const read = readMessage(message.stanza);
    const called = { speaker: message.nick, names: namesOf(message) };
    const heard = read && recall.hear(read, chat.jid, called);
    if (from === undefined || heard === undefined) return;
    const id = message.stanzaId ?? message.id;
    const sent = { from, room: chat.jid, ...(id === undefined ? {} : { id }) };
    const isResident = this.#isResident(chat, from as string as BareJid);
    const resident = isResident ? chat.note.resident : residentId(home, from);
    if (isResident && chat.note.seenAs !== message.nick) chat.keepLater({ seenAs: message.nick });
    await take(spool, {
      id: batchInRoom(message),
      resident: chat.note.resident,
      items: async () => {
        const all = (await heard.words()).map((raw): Stored => ({ ...raw, ...sent }));
        return await this.#items(chat, all, resident);
      },
      stored: heard.keep,
      refused: (why) => notice(chat, why.person),
    });
  }

  /** Whose words they are; `undefined`: not to be read. */
  #speakerOf(chat: Chat, { nick, isOwnNick, archivedJid }: RoomMessage): Jid | undefined {
    const { account, personal } = this.#o;
    const known = archivedJid ?? (isOwnNick ? undefined : chat.room?.occupants.get(nick)?.jid);
    if (known !== undefined) return known !== account || personal ? asJid(known) : undefined;
    // One's own clients may share a nick; anybody else's cannot be ours.
    if (isOwnNick) return personal ? asJid(account) : undefined;
    const { seenAs, resident } = chat.note;
    return nick === seenAs ? asJid(residentJid(resident)) : withResource(chat.jid, nick);
  }

  /** @throws BridgeError `not-linked`, `store-down`. */
  async #items(chat: Chat, all: readonly Stored[], resident: ResidentId): Promise<IntakeItem[]> {
    const { host, home } = this.#o;
    const room = roomId(chat.jid);
    const items = all.map((raw): IntakeItem => ({ resident, room, control: false, raw }));
    if (items.length === 0) return [];
    if (await host().isPortal(home, room)) return items;
    if (resident !== chat.note.resident) return [];
    if (!(await host().isLinked(resident))) throw new BridgeError("not-linked");
    const open: IntakeItem = { resident, room, control: false, raw: openOf(chat) };
    return [open, ...items].map((item) => ({ ...item, invites: chat.note.ghost }));
  }

  /** A chat whose room is one that we do not sit in, as of before this account was, or is destroyed: it gets another. */
  async moved({ room, resident }: PortalRoom, ghost: GhostRef, name: string): Promise<Chat> {
    const chat = await this.open(`moved ${room}`, resident, ghost, name);
    const lost = this.#chats.get(room);
    this.#chats.delete(room);
    if (lost !== undefined && this.#o.personal)
      this.#loosely(forgetBookmark(this.#o.client.link, lost.jid), "a room that is no more was not forgotten");
    await this.#o.store.dropRoomNote(this.#o.home, room);
    const item = { resident, room: roomId(chat.jid), control: false, invites: ghost, raw: openOf(chat) };
    this.#o
      .host()
      .intake(this.#o.home, randomUUID(), [item])
      .catch((error: unknown) =>
        this.#o.log.info({ err: asBridgeError(error) }, "a chat was not moved to its new room"),
      );
    return chat;
  }
}

function openOf(chat: Chat): Stored {
  const { resident, ghost } = chat.note;
  return { kind: "open", from: asJid(residentJid(resident)), to: chat.jid, room: chat.jid, ghost };
}

function nickOf({ name, nickname, ghost }: ChatNote): string {
  return oneLine(nickname ?? "", LONGEST_NICK) || oneLine(name, LONGEST_NICK) || ghost.contact;
}

function shownOf(presence: Presence): Shown {
  return toShown(presence) ?? GONE;
}

function keyOf({ network, contact }: GhostRef): string {
  return `${network}/${contact}`;
}
