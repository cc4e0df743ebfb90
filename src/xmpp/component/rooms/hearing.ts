import { randomUUID } from "node:crypto";
import { asBridgeError } from "../../../bridge/errors.ts";
import { type GhostRef, type ResidentId, residentId, residentParts, roomId } from "../../../bridge/model.ts";
import { RecentMap } from "../../../bridge/recent.ts";
import { ASIDE, commandOf, isToBridge } from "../../convert/heard.ts";
import type { Stored } from "../../convert/stored.ts";
import { type BareJid, type Jid, withResource } from "../../jid.ts";
import type { Actor, RoomMessage } from "../../muc/room-words.ts";
import { batchInRoom, take } from "../../muc/taking.ts";
import type { MucState } from "../../muc/types.ts";
import type { Heard } from "../../recall.ts";
import { readMessage } from "../../stanza/message.ts";
import { isNotice } from "../../stanza/via.ts";
import { el } from "../../stanza/xml.ts";
import type { ForeignRoomsOptions } from "../groups/foreign.ts";
import { opensSubject } from "./find.ts";
import type { ForeignRoom } from "./room.ts";
import { noteFor, ownSubject, subjectWithNote } from "./subject.ts";
import type { Talk } from "./talk.ts";
import { actorIn, guestName, presentOne, speakerOf } from "./who.ts";
import { plainSpeech } from "./words.ts";

export interface HearingOptions extends ForeignRoomsOptions {
  readonly talk: Talk;
}

const NAMES = 5000;

/** What happens in tied conferences, on its way to the core. */
export class Hearing {
  readonly #o: HearingOptions;
  /** How guests were called last, by room and resident. */
  readonly #nicks = new RecentMap<string, string>(NAMES);
  /** The subject of each room as it is. */
  readonly #subjects = new RecentMap<BareJid, string>(NAMES);

  constructor(options: HearingOptions) {
    this.#o = options;
  }

  /** Resolves when it is stored. @throws BridgeError `store-down`: it comes again with the next entering. */
  async said(room: ForeignRoom, message: RoomMessage): Promise<void> {
    const resident = speakerOf(room.sight, message);
    if (this.#isUs(resident) || isNotice(message.stanza)) return;
    this.#nicks.set(`${room.jid} ${resident}`, message.nick);
    const read = readMessage(message.stanza);
    if (read === undefined) return;
    const from = withResource(room.jid, message.nick);
    const isCommand = isToBridge(read.body) && guestName(residentParts(resident).id, room.jid) === undefined;
    if (isCommand) this.#o.talk.note(message, resident, ASIDE);
    const heard = isCommand
      ? { words: async () => [this.#command(room, resident, read.body ?? "", message)] }
      : this.#o.talk.hear(message, { ...read, from }, resident);
    if (heard === undefined) return;
    await this.#take(room, resident, batchInRoom(message), heard, isCommand);
  }

  typing(room: ForeignRoom, nick: string, isTyping: boolean): void {
    const resident = presentOne(room.sight, nick);
    if (!this.#isUs(resident)) this.#o.host().typing(roomId(room.jid), resident, isTyping);
  }

  /** The room's subject is this now. */
  subject(room: ForeignRoom, text: string, nick: string | undefined): void {
    const before = this.#subjects.get(room.jid);
    this.#subjects.set(room.jid, text);
    if (room.note === undefined || nick === undefined || nick === room.bot.nick) return;
    const told = room.note.told ?? "";
    if (subjectWithNote(text, told) !== text) this.#setSubject(room, subjectWithNote(text, told));
    if (before === undefined || ownSubject(before) === ownSubject(text)) return;
    const resident = presentOne(room.sight, nick);
    const change = { what: "topic", text: ownSubject(text) } as const;
    this.#happened(room, resident, { kind: "reshaped", ...this.#from(room, nick), change });
  }

  /** The bot is in, or out. */
  changed(room: ForeignRoom, { isIn, why, triesAgain, by }: MucState): void {
    if (isIn || triesAgain) return;
    this.#o.log.error({ room: room.jid, why, by }, "the bridge was put out of a room");
    const resident = actorIn(room.sight, by) ?? residentId(this.#o.home, `${room.jid}/?`);
    this.#happened(room, resident, { kind: "shut-out", ...this.#from(room, by?.nick ?? "?") });
  }

  /** Somebody has put one of ours out. */
  putOut(room: ForeignRoom, jid: BareJid, by: Actor | undefined): void {
    const ghost = this.#o.names.parse(jid);
    const resident = actorIn(room.sight, by);
    if (ghost === undefined || resident === undefined) return;
    this.#happened(room, resident, { kind: "removed", ...this.#from(room, by?.nick ?? "?"), ghost });
  }

  /** Somebody has asked a contact in. `mayAsk`: asked when it is stored, and again while the store is away. */
  asked(room: ForeignRoom, ghost: GhostRef, resident: ResidentId, mayAsk: () => Promise<boolean>): void {
    const nick = this.nickOf(room, resident) ?? "?";
    this.#happened(room, resident, { kind: "asked", ...this.#from(room, nick), ghost }, mayAsk);
  }

  /** How somebody is called in a room; `undefined`: nobody knows. */
  nickOf(room: ForeignRoom, resident: ResidentId): string | undefined {
    for (const [nick] of room.occupants()) if (presentOne(room.sight, nick) === resident) return nick;
    return this.#nicks.get(`${room.jid} ${resident}`);
  }

  /**
   * What people must know of the bridge stands behind the subject where the bot may change that; elsewhere it says so once.
   * Empty: nothing. @throws BridgeError `store-down`.
   */
  async tell(room: ForeignRoom, told: string): Promise<void> {
    const before = room.note?.told ?? "";
    if (before === told || room.note === undefined) return;
    const subject = this.#subjects.get(room.jid) ?? "";
    const wanted = subjectWithNote(subject, told, before);
    const news = noteFor(ownSubject(subject), told);
    if (wanted !== subject && (await this.#mayChange(room))) this.#setSubject(room, wanted);
    else if (wanted !== subject && news !== "")
      await room.say("bot", `told|${room.jid}|${before}|${told}`, plainSpeech(news));
    // Last: until it was said, it is tried again.
    const { note } = room;
    if (note !== undefined) await room.keep({ ...note, told });
  }

  #setSubject(room: ForeignRoom, subject: string): void {
    // So it is as soon as the room has it; what comes before that is changed already.
    this.#subjects.set(room.jid, subject);
    room.link.sendLoosely(
      el("message", { to: room.jid, type: "groupchat", id: randomUUID() }, el("subject", {}, subject)),
    );
  }

  async #mayChange(room: ForeignRoom): Promise<boolean> {
    if (room.bot.occupants.get(room.bot.nick)?.role === "moderator") return true;
    return await opensSubject(room.link, room.jid);
  }

  #command(room: ForeignRoom, resident: ResidentId, body: string, { id, stanzaId, nick }: RoomMessage): Stored {
    const { gateway } = this.#o.names;
    const as = stanzaId ?? id;
    return {
      kind: "command",
      from: withResource(room.jid, nick),
      to: gateway,
      room: room.jid,
      resident,
      line: commandOf(`${body} `),
      ...(as === undefined ? {} : { as }),
    };
  }

  #from(room: ForeignRoom, nick: string): { from: Jid; to: BareJid; room: string } {
    return { from: withResource(room.jid, nick), to: room.jid, room: room.jid };
  }

  #isUs(resident: ResidentId): boolean {
    const { id } = residentParts(resident);
    const { gateway } = this.#o.names;
    return id === gateway || id.endsWith(`@${gateway}`);
  }

  #happened(room: ForeignRoom, resident: ResidentId, event: Stored, isSo = async (): Promise<boolean> => true): void {
    const as = randomUUID();
    const words = async (): Promise<Stored[]> => ((await isSo()) ? [{ ...event, resident, as }] : []);
    this.#take(room, resident, as, { words }, false).catch((error: unknown) =>
      this.#o.log.error({ err: asBridgeError(error), room: room.jid }, "what happened in a room was not stored"),
    );
  }

  async #take(
    room: ForeignRoom,
    resident: ResidentId,
    id: string,
    heard: Omit<Heard<Stored>, "keep"> & Partial<Pick<Heard, "keep">>,
    control: boolean,
  ): Promise<void> {
    const { spool, host, home, log } = this.#o;
    await take(spool, {
      id,
      resident,
      items: async () => {
        if (!control && !(await host().isPortal(home, roomId(room.jid)))) return [];
        return (await heard.words()).map((raw) => ({ resident, room: roomId(room.jid), control, raw }));
      },
      ...(heard.keep && { stored: heard.keep }),
      refused: (why) => log.info({ err: why, room: room.jid }, "words in a room were not passed on"),
    });
  }
}
