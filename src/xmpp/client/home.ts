/** The XMPP side where no component can be had: an ordinary account behind the contracts of src/bridge/ports/home.ts. */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import {
  type Failure,
  type GhostRef,
  type HomeEvent,
  type MessageId,
  type NetworkMessage,
  type PortalId,
  type PortalRoom,
  type Presence,
  type ResidentId,
  type RoomId,
  residentId,
  roomId,
} from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import type { Home, HomeHost, NicknameShowing, PresenceShowing, TypingShowing } from "../../bridge/ports/home.ts";
import type { Readiness } from "../../bridge/ports/linking.ts";
import { spokenBy } from "../../bridge/speaker.ts";
import { Marks } from "../component/marks.ts";
import { GhostJids } from "../convert/ghost.ts";
import { quoteOf } from "../convert/message-id.ts";
import { readStored } from "../convert/stored.ts";
import { failureText } from "../convert/text.ts";
import { dated, ownWords, partsOf, spoken, wordsOf } from "../convert/words.ts";
import { IntakeSpool } from "../intake.ts";
import { type BareJid, domainOf, parseBareJid } from "../jid.ts";
import { DEFAULT_PORTS, findServer } from "../link/find-server.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { asJid, invitedTo } from "../muc/room-words.ts";
import { XMPP } from "../name.ts";
import { Recall } from "../recall.ts";
import { RecallNotes } from "../recall-notes.ts";
import { Rings } from "../rings.ts";
import { failureElement } from "../stanza/errors.ts";
import { errorMessage, readMessage } from "../stanza/message.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { GhostTyping } from "../typing.ts";
import { Chats } from "./chats.ts";
import { Direct, enableCarbons } from "./direct.ts";
import { type RoomNote, readNote } from "./notes.ts";
import {
  DEFAULT_CLIENT_HOME_LIMITS,
  type RelayRoom,
  type XmppClientLimits,
  type XmppClientOptions,
} from "./options.ts";
import { Relays } from "./relays.ts";
import { Residents } from "./residents.ts";
import { RoomsClient } from "./rooms.ts";
import type { Seat, SeatingOptions } from "./seat.ts";

/** What the rest of the program may ask of the account beyond the core's contract. */
export interface XmppClientHome extends Home, TypingShowing, PresenceShowing, NicknameShowing {
  /** Why the account is or is not signed in. */
  health(): Readiness;
  /** Resolves when it is signed in, for tools and tests. */
  attached(): Promise<void>;
  /** The account's JID, to which people write. */
  readonly gateway: string;
}

export function createXmppClientHome(options: XmppClientOptions): XmppClientHome {
  return new ClientSide(options);
}

const STOP_MS = 2000;
/**
 * A relay account is the one to be written to. Beside its owner's clients the bridge is nobody to be written to, and nobody
 * who is there when they are not.
 */
const shownAs = (personal: boolean): XmlElement =>
  el("presence", {}, personal ? el("show", {}, "xa") : undefined, el("priority", {}, personal ? "-1" : "50"));

class ClientSide implements XmppClientHome {
  readonly name = XMPP;
  readonly title = "XMPP";
  readonly presenceRefreshMs = 0;
  readonly gateway: BareJid;
  readonly #o: XmppClientOptions;
  readonly #limits: XmppClientLimits;
  readonly #log: Logger;
  readonly #label: string;
  readonly #names: GhostJids;
  readonly #rings = new Rings();
  readonly #client: RoomsClient;
  readonly #spool: IntakeSpool;
  readonly #recall: Recall;
  readonly #direct: Direct;
  readonly #residents: Residents;
  readonly #chats: Chats;
  readonly #relays: Relays;
  readonly #typing: GhostTyping;
  #marking: NodeJS.Timeout | undefined;
  #host: HomeHost | undefined;

  constructor(options: XmppClientOptions) {
    const { service, networks, personal, name = "MSN", profiles, mucService, mayLink } = options;
    this.#o = options;
    this.#limits = { ...DEFAULT_CLIENT_HOME_LIMITS, ...options.limits };
    this.#log = options.log.child({ home: XMPP });
    this.#label = name;
    this.gateway = service.jid;
    this.#names = new GhostJids(domainOf(asJid(service.jid)), networks);
    const { tls = "starttls", host = domainOf(asJid(service.jid)), resource = "msnbridge" } = service;
    this.#client = new RoomsClient({
      service: { ...service, tls, host, port: service.port ?? DEFAULT_PORTS[tls], resource },
      find: async () => await findServer({ ...service, tls }),
      home: XMPP,
      begin: async () => await this.#begin(),
      presence: () => shownAs(personal),
      stanza: async (stanza) => await this.#outside(stanza),
      online: () => {},
      offline: () => {},
      meter: options.meter,
      log: this.#log,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    const [client, log, limits] = [this.#client, this.#log, this.#limits];
    const home = XMPP;
    const host_ = (): HomeHost => this.#opened();
    const [account, { password: secret }] = [service.jid, service];
    this.#spool = new IntakeSpool({ home, host: host_, perResident: limits.waitingPerResident, log });
    const spool = this.#spool;
    const link = () => client.link;
    this.#residents = new Residents({
      home,
      account,
      personal,
      link,
      host: host_,
      mayLink,
      limit: limits.residents,
      log,
    });
    const invited = (room: BareJid): void => this.#invited(room);
    this.#direct = new Direct({
      home,
      account,
      secret,
      personal,
      link,
      host: host_,
      spool,
      mayLink: (resident) => (personal ? resident === residentId(home, account) : mayLink(resident)),
      invited,
      log,
    });
    const seating: SeatingOptions = {
      home,
      client,
      secret,
      store: profiles,
      lookBackMs: limits.lookBackMs,
      limits: options.limits ?? {},
      aside: (stanza) => this.#aside(stanza),
      log,
    };
    this.#recall = new Recall(new RecallNotes({ home, store: profiles, log }));
    const shared = { ...seating, host: host_, spool, account, name, recall: this.#recall };
    this.#chats = new Chats({
      ...shared,
      personal,
      mucService: mucService === undefined ? undefined : parseBareJid(mucService),
      inviteMs: limits.inviteMs,
      notice: (seat, text) => this.#notice(seat, text),
    });
    this.#relays = new Relays({
      ...shared,
      relays: options.relays ?? [],
      told: new Marks(profiles, "relays"),
      tell: (relay, text) => this.#tell(relay, text),
      tieMs: limits.tieMs,
    });
    this.#typing = new GhostTyping((room, _, state) => this.#seat(roomId(room))?.room?.sendState(state));
  }

  /** Resolves when the rooms of earlier runs are known; the server may come later. */
  async start(host: HomeHost): Promise<void> {
    this.#host = host;
    const notes = [...(await this.#o.profiles.roomNotes(XMPP))].map(([room, text]) => [room, readNote(text)] as const);
    const relays = new Map(notes.flatMap(([room, note]) => (note?.kind === "relay" ? [[room, note]] : [])));
    await this.#relays.start(relays);
    for (const [room, note] of notes) await this.#restore(room, note);
    this.#marking = setInterval(() => this.#mark(), this.#limits.lookBackMs / 4);
    this.#marking.unref();
    this.#client.start();
  }

  async stop(): Promise<void> {
    clearInterval(this.#marking);
    this.#relays.stop();
    this.#residents.stop();
    try {
      this.#mark();
      await this.#spool.stop(STOP_MS);
      await this.#recall.stop();
      await this.#client.stop();
      await Promise.all(this.#seats().map((seat) => seat.settle()));
    } catch (error) {
      this.#log.warn({ err: error }, "the XMPP side did not stop cleanly");
    }
  }

  health(): Readiness {
    return this.#client.link.health();
  }

  attached(): Promise<void> {
    return this.#client.link.attached();
  }

  /** A room of before: of a chat that nobody has any more it is forgotten. */
  async #restore(room: RoomId, note: RoomNote | undefined): Promise<void> {
    const host = this.#opened();
    if (note?.kind === "relay" && this.#relays.get(room) !== undefined) return;
    const isOurs = note?.kind === "chat" && this.#relays.get(room) === undefined;
    if (isOurs && ((await host.isLinked(note.resident)) || (await host.isPortal(XMPP, room))))
      await this.#chats.restore(room, note);
    else await this.#o.profiles.dropRoomNote(XMPP, room);
  }

  #mark(): void {
    const now = Date.now();
    for (const seat of this.#seats()) seat.mark(now);
  }

  #seats(): Seat[] {
    return [...this.#relays.all(), ...(this.#chats.all() as Iterable<Seat>)];
  }

  #seat(room: RoomId): Seat | undefined {
    return this.#relays.get(room)?.seat ?? (this.#chats.get(room) as Seat | undefined);
  }

  #opened(): HomeHost {
    if (!this.#host) throw new BridgeError("store-down", { detail: "the XMPP side has not started" });
    return this.#host;
  }

  async #begin(): Promise<void> {
    this.#residents.reset();
    if (!this.#o.personal) return;
    try {
      await this.#client.link.request({ type: "set" }, enableCarbons());
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      this.#log.error(
        { err: error },
        "the server tells nothing of one's other clients (XEP-0280): commands go unheard",
      );
    }
  }

  async #outside(stanza: XmlElement): Promise<void> {
    if (stanza.name === "presence") this.#residents.take(stanza);
    else await this.#direct.take(stanza);
  }

  /** Into a room of ours that has put us out. */
  #invited(room: BareJid): void {
    const seat = this.#seat(roomId(room));
    if (seat === undefined) this.#log.info({ room }, "the account was asked into a room that is not tied to anybody");
    else seat.sit().catch((error: unknown) => this.#log.warn({ err: asBridgeError(error), room }, "not entered"));
  }

  /** From a room, and not to all in it: an invitation back into it, or a private message. */
  #aside(stanza: XmlElement): void {
    const room = invitedTo(stanza);
    const message = readMessage(stanza);
    if (room !== undefined) this.#invited(room);
    else if (message?.body !== undefined && message.id !== undefined) {
      const error = failureElement("unsupported", "Only what is said to all in the room is passed on.");
      this.#client.link.sendLoosely(errorMessage({ from: this.gateway, to: message.from }, message.id, error));
    }
  }

  /** The bridge itself says something, as far as it can. */
  #notice(seat: Seat, text: string): void {
    seat
      .say(randomUUID(), spokenBy(this.#label, text))
      .catch((error: unknown) => this.#log.debug({ err: asBridgeError(error) }, "a notice was not said"));
  }

  #tell({ resident }: RelayRoom, text: string): void {
    this.#direct
      .say(resident, text, randomUUID())
      .catch((error: unknown) => this.#log.warn({ err: asBridgeError(error) }, "a notice was not said"));
  }

  // What the core asks.

  read(raw: unknown): HomeEvent | undefined {
    return readStored(raw, XMPP, this.#names);
  }

  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    const relay = this.#relays.get(room.room);
    const nudge = this.#rings.has(room.room, message, key) ? [el("attention", { xmlns: NS.attention })] : [];
    const words = dated(wordsOf(message), message);
    this.#typing.said(room.room as string as BareJid, this.gateway);
    if (relay !== undefined) return await relay.seat.say(key, partsOf(spoken(message.fromName, words)), nudge);
    const chat = this.#chats.get(room.room) ?? (await this.#chats.moved(room, ghost, message.fromName));
    const said = await chat.say(key, partsOf(words), nudge);
    this.#chats.invite(chat);
    return said;
  }

  async deliverOwn(
    room: PortalRoom,
    ghost: GhostRef,
    _self: GhostRef,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId> {
    const relay = this.#relays.get(room.room);
    if (relay !== undefined)
      return await relay.seat.say(key, partsOf(spoken(message.fromName, dated(wordsOf(message), message))));
    const chat = this.#chats.get(room.room) ?? (await this.#chats.moved(room, ghost, ghost.contact));
    return await chat.say(key, partsOf(dated(ownWords(message), message)));
  }

  async openDirect(portal: PortalId, resident: ResidentId, ghost: GhostRef, displayName: string): Promise<RoomId> {
    return roomId((await this.#chats.open(portal, resident, ghost, displayName)).jid);
  }

  /** Its room is one that the account sits in already. */
  async adopt(): Promise<void> {}

  async decline(room: RoomId, _ghost: GhostRef | undefined, why: BridgeError): Promise<void> {
    const seat = this.#seat(room);
    if (seat !== undefined) this.#notice(seat, why.person);
  }

  async perform(): Promise<void> {}

  async say(resident: ResidentId, room: RoomId | undefined, text: string, key: string): Promise<MessageId> {
    const seat = room === undefined ? undefined : this.#seat(room);
    return seat === undefined
      ? await this.#direct.say(resident, text, key)
      : await seat.say(key, spokenBy(this.#label, text));
  }

  async reportFailure(room: PortalRoom, message: MessageId, failure: Failure, key: string): Promise<MessageId> {
    const quote = quoteOf(message) ?? "";
    const what = quote === "" ? "Not delivered." : `Not delivered: “${quote}”.`;
    const where = this.#o.personal ? "yourself (the chat with your own address)" : this.gateway;
    return await this.say(room.resident, room.room, `${what} ${failureText(failure, where)}`, key);
  }

  /** A room has no receipts. */
  async confirm(): Promise<void> {}

  async nameGhost(ghost: GhostRef, displayName: string): Promise<void> {
    this.#chats.rename(ghost, displayName);
  }

  ghostLabel({ contact }: GhostRef): string {
    return contact;
  }

  async showNickname({ room }: PortalRoom, _ghost: GhostRef, nickname: string): Promise<void> {
    const chat = this.#chats.get(room);
    if (chat !== undefined) this.#chats.nickname(chat, oneLine(nickname, 200));
  }

  async showTyping(room: RoomId, _ghost: GhostRef, typing: boolean, forMs: number): Promise<void> {
    if (this.#seat(room) !== undefined) this.#typing.show(room as string as BareJid, this.gateway, typing, forMs);
  }

  async showPresence(ghost: GhostRef, presence: Presence): Promise<void> {
    this.#chats.show(ghost, presence);
  }
}
