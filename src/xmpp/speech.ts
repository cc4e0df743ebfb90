import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import {
  type Failure,
  type GhostRef,
  type HomeName,
  type MessageId,
  messageId,
  type NetworkMessage,
  type PortalRoom,
  type ResidentId,
  type RoomId,
  residentId,
} from "../bridge/model.ts";
import { RecentMap } from "../bridge/recent.ts";
import type { Secret } from "../bridge/secret.ts";
import { Afterwards } from "./afterwards.ts";
import { type AdHocCommands, linkIn } from "./component/commands.ts";
import { ownId } from "./convert/echo.ts";
import { type GhostJids, residentJid } from "./convert/ghost.ts";
import { messageName, senderOf } from "./convert/message-id.ts";
import type { RichWords } from "./convert/rich.ts";
import { failureText, saidAt, splitText, stanzaId } from "./convert/text.ts";
import { ownWords, partsOf, wordsOf } from "./convert/words.ts";
import { type BareJid, bare, domainOf, type Jid, readJid } from "./jid.ts";
import type { ComponentLink } from "./link/component-link.ts";
import { chatOf, type Recall } from "./recall.ts";
import { Rings } from "./rings.ts";
import { CONDITIONS, errorCondition, errorElement, mayPass } from "./stanza/errors.ts";
import { type ChatMessage, chatMessage, errorMessage, receiptMessage } from "./stanza/message.ts";
import { asPerson, type Grants } from "./stanza/privilege.ts";
import { NS, type XmlElement } from "./stanza/xml.ts";
import type { WaitingNotes } from "./waiting-notes.ts";

export interface SpeechOptions {
  readonly home: HomeName;
  readonly link: ComponentLink;
  readonly names: GhostJids;
  readonly secret: Secret;
  readonly commands: AdHocCommands;
  readonly recall: Recall;
  readonly grants: (domain: string) => Grants | undefined;
  readonly isOn: (client: Jid) => boolean;
  /** Whether somebody has a client that takes messages in. */
  readonly hears: (who: BareJid) => boolean;
  readonly waiting?: WaitingNotes;
  readonly log: Logger;
}

/** Messages whose refusal may still be heard. */
const UNDER_WAY = 20_000;
const RECEIPTS = 5000;
/** So often a server may have nobody for the words of somebody to whom the person is there, before it must be by will. */
const PATIENCE = 5;
const BY_WILL = "your server takes nothing from them, as if you had blocked them there; `block` ends it for both sides";

/** Everything that is said to people: as ghosts, as the gateway, and as they themselves. */
export class Speech {
  readonly #o: SpeechOptions;
  /** What is being said, with what came back of it: a server says what it refuses before it answers the barrier behind. */
  readonly #underWay = new RecentMap<string, Said>(UNDER_WAY);

  /** How often words came back although there is a client for them. */
  readonly #unheard = new RecentMap<string, number>(1000);

  readonly #rings = new Rings();

  /** By client and id: the ghost's place in a room, for words that were said to it there. */
  readonly #places = new RecentMap<string, Jid>(UNDER_WAY);

  /** Receipts of what the networks have taken while the link was down. */
  readonly #receipts: XmlElement[] = [];

  readonly #afterwards: Afterwards;

  constructor(options: SpeechOptions) {
    this.#o = options;
    this.#afterwards = new Afterwards({
      send: (stanza) => this.#sendNow(stanza),
      hears: options.hears,
      giveUp: (stanza, condition) => this.#tellLost(stanza, condition),
      ...(options.waiting && { notes: options.waiting }),
    });
  }

  /** Before the link is started. @throws BridgeError `store-down`. */
  async restore(): Promise<void> {
    await this.#afterwards.restore();
  }

  /** Words to a ghost that have come by way of a room: what is said of them comes from its place there. */
  placed(client: Jid, id: string | undefined, place: Jid): void {
    if (id !== undefined) this.#places.set(`${client} ${id}`, place);
  }

  /** Whom somebody has said something to, as they know them. */
  addressed(client: Jid, id: string, us: BareJid | Jid): BareJid | Jid {
    return this.#places.get(`${client} ${id}`) ?? us;
  }

  /** Somebody is there: what their server took and could not deliver is said again. */
  came(resident: ResidentId): void {
    this.#afterwards.came(residentJid(resident));
  }

  /** Somebody has nothing to do with these any more: what waits from them is not said. */
  forget(resident: ResidentId, isGone: (ghost: BareJid) => boolean): void {
    this.#afterwards.forget(residentJid(resident), isGone);
  }

  #sendNow(stanza: XmlElement): boolean {
    try {
      this.#o.link.send(stanza);
      return true;
    } catch (error) {
      this.#o.log.debug({ err: error }, "words were not said again");
      return false;
    }
  }

  #tellLost({ attrs: { from, to, id } }: XmlElement, condition: string): void {
    const { names, home, log } = this.#o;
    const [us, who] = [readJid(from), readJid(to)];
    const contact = (us && names.parse(us)?.contact) ?? from;
    const detail = condition === "service-unavailable" ? BY_WILL : condition;
    const text = `A message from ${contact} could not be shown. ${new BridgeError("home-refused", { detail }).person}`;
    log.info({ id, condition }, "words were sent back after the server had taken them");
    if (who === undefined) return;
    this.say(residentId(home, bare(who)), undefined, text, `lost|${id}`).catch((error: unknown) =>
      log.warn({ err: error, id }, "words are lost, and nobody could be told"),
    );
  }

  /** An error stanza came. True: it was about something that is being said. */
  refused(stanza: XmlElement): boolean {
    const said = this.#underWay.get(stanza.attrs.id ?? "");
    // Servers speak for whom they have nobody; one client of several that does not like it says nothing about the others.
    if (!said) return this.#afterwards.refused(stanza);
    if (readJid(stanza.attrs.from) !== said.to) return false;
    said.refusal ??= errorCondition(stanza);
    return true;
  }

  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    const from = this.#o.names.jid(ghost);
    const when = saidAt(message);
    return this.#say({
      from,
      to: residentJid(room.resident),
      words: partsOf(wordsOf(message)),
      key,
      nick: message.fromName,
      ...(when === undefined ? {} : { saidAt: when }),
      ...(this.#rings.has(`${from} ${room.resident}`, message, key) ? { isNudge: true } : {}),
    });
  }

  /** In the person's name where their server lets us, else as the contact with a mark. */
  async deliverOwn(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    const to = residentJid(room.resident);
    const jid = this.#o.names.jid(ghost);
    const server = domainOf(to as string as Jid);
    const grants = this.#o.grants(server);
    if (mayCarbon(grants)) {
      try {
        return await this.#sayAs(to, jid, server as BareJid, grants, message, key);
      } catch (error) {
        if (!(error instanceof BridgeError) || error.code !== "home-refused") throw error;
        this.#o.log.warn({ err: error }, "the server lets nothing be said in a person's name after all");
      }
    }
    const when = saidAt(message);
    const words = partsOf(ownWords(message));
    return this.#say({ from: jid, to, words, key, ...(when === undefined ? {} : { saidAt: when }) });
  }

  async #sayAs(
    person: BareJid,
    ghost: BareJid,
    server: BareJid,
    grants: Grants,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId> {
    const { names, secret, recall } = this.#o;
    const when = saidAt(message);
    const ids = partsOf(wordsOf(message)).map((said, part) => {
      const id = ownId(secret, key, ghost, part);
      recall.note({ chat: chatOf(ghost, person), speaker: person, names: [id] }, said.body);
      const words: ChatMessage = {
        from: person,
        to: ghost,
        id,
        ...said,
        ...(when === undefined ? {} : { saidAt: when }),
      };
      const inner = chatMessage(words);
      (inner.attrs as Record<string, string>).xmlns = NS.client;
      return { id, stanza: asPerson({ from: names.gateway, server, grants, id }, inner) };
    });
    await this.#sendSurely(ids);
    return messageId(ids[0]?.id ?? ownId(secret, key, ghost));
  }

  /** The gateway says something; the answer to a command goes where it was given. */
  async say(resident: ResidentId, room: RoomId | undefined, text: string, key: string): Promise<MessageId> {
    const { commands, names } = this.#o;
    if (room !== undefined && commands.answer(room, text)) return messageId(stanzaId(key));
    const url = linkIn(text);
    const words = {
      from: names.gateway,
      to: residentJid(resident),
      words: plainly(text),
      key,
      ...(url === undefined ? {} : { url }),
    };
    // An answer is of the moment: whoever has gone meanwhile need not hear it. News are kept until they come back.
    return this.#say(words, room === undefined ? "hold" : "drop");
  }

  /** Words of a ghost of its own, e.g. why it does not talk. */
  async tell(from: BareJid, to: BareJid, body: string, key: string): Promise<void> {
    await this.#say({ from, to, words: plainly(body), key }, "drop");
  }

  async reportFailure(room: PortalRoom, message: MessageId, failure: Failure, key: string): Promise<MessageId> {
    const { names, link, isOn } = this.#o;
    const text = failureText(failure, names.gateway);
    const name = messageName(message);
    const [us] = room.room.split(" ");
    const client = name && senderOf(name, residentJid(room.resident));
    if (name && client && us !== undefined && name.id !== "") {
      const error = errorElement(CONDITIONS[failure.code], text);
      await link.sendSurely(
        errorMessage({ from: this.addressed(client, name.id, us as BareJid), to: client }, name.id, error),
      );
      // A server drops errors for clients that are gone.
      if (isOn(client)) return messageId(stanzaId(key));
    }
    const who = us === undefined ? undefined : names.parse(us as BareJid);
    const body = who === undefined ? text : `To ${who.contact}: ${text}`;
    return this.#say({ from: names.gateway, to: residentJid(room.resident), words: plainly(body), key }, "drop");
  }

  confirm(room: RoomId, message: MessageId): void {
    const name = messageName(message);
    const [us, resident] = room.split(" ");
    if (!name?.wantsReceipt || name.id === "" || us === undefined || resident === undefined) return;
    const to = senderOf(name, resident as BareJid);
    const receipt = receiptMessage({ from: this.addressed(to, name.id, us as BareJid), to }, name.id);
    if (this.#o.link.isOnline) this.#o.link.sendLoosely(receipt);
    else if (this.#receipts.length < RECEIPTS) this.#receipts.push(receipt);
  }

  /** The link is there: what could not be said meanwhile, and nobody says again. */
  online(): void {
    for (const receipt of this.#receipts.splice(0)) this.#o.link.sendLoosely(receipt);
  }

  async #say(
    { words, key, ...rest }: Omit<ChatMessage, "id" | "body"> & { words: readonly RichWords[]; key: string },
    refused: WhenRefused = "hold",
  ): Promise<MessageId> {
    const parts = words.map((said, i) => {
      const id = stanzaId(key, i);
      const [us, person] = [bare(rest.from as Jid), bare(rest.to as Jid)];
      if (us !== this.#o.names.gateway)
        this.#o.recall.note({ chat: chatOf(us, person), speaker: us, names: [id] }, said.body);
      return { id, stanza: chatMessage({ ...rest, ...said, id }) };
    });
    await this.#sendSurely(parts, refused);
    return messageId(parts[0]?.id ?? stanzaId(key));
  }

  /**
   * What a server cannot deliver now is said again later (`hold`), or is done with (`drop`).
   * @throws BridgeError `home-down` when it is to be said again, `home-refused` when that cannot help.
   */
  async #sendSurely(
    parts: readonly { id: string; stanza: XmlElement }[],
    refused: WhenRefused = "hold",
  ): Promise<void> {
    const told = parts.map(({ id, stanza }): { id: string; said: Said } => {
      return { id, said: { to: readJid(stanza.attrs.to), refusal: undefined } };
    });
    for (const { id, said } of told) this.#underWay.set(id, said);
    try {
      await this.#o.link.sendSurely(...parts.map(({ stanza }) => stanza));
    } finally {
      for (const { id } of told) this.#underWay.delete(id);
    }
    const refusal = told.map(({ said }) => said.refusal).find((one) => one !== undefined);
    if (refusal === undefined) {
      // What the gateway says of it is not said of what the gateway says.
      const { gateway } = this.#o.names;
      for (const { id, stanza } of parts)
        if (refused === "hold" && stanza.attrs.from !== gateway) this.#afterwards.said(id, stanza);
      return;
    }
    if (refused === "drop") {
      this.#o.log.debug({ condition: refusal.condition }, "an answer was sent back");
      return;
    }
    if (this.#isByWill(parts, refusal))
      throw new BridgeError("home-refused", {
        detail: BY_WILL,
      });
    const detail = `${refusal.condition}${refusal.text === undefined ? "" : `: ${refusal.text}`}`;
    throw new BridgeError(mayPass(refusal) ? "home-down" : "home-refused", { detail });
  }

  /**
   * A server says of those whom a person blocks (XEP-0191 §3.4) what it says of a person who is away. Waiting for them to
   * come would be in vain.
   */
  #isByWill(parts: readonly { id: string; stanza: XmlElement }[], { condition }: Refusal): boolean {
    const [first] = parts;
    const to = readJid(first?.stanza.attrs.to);
    if (condition !== "service-unavailable" || !first || !to || !this.#o.hears(bare(to))) return false;
    const times = (this.#unheard.get(first.id) ?? 0) + 1;
    if (times < PATIENCE) this.#unheard.set(first.id, times);
    else this.#unheard.delete(first.id);
    return times >= PATIENCE;
  }
}

/** What the gateway itself says. */
function plainly(text: string): RichWords[] {
  return splitText(text).map((body) => ({ body, unstyled: false }));
}

/**
 * Servers of the first version pass such a message on to the contact alone, and none of the person's own clients sees it
 * (ejabberd 23.01).
 */
function mayCarbon(grants: Grants | undefined): grants is Grants {
  return grants?.message === "outgoing" && grants.namespace === NS.privilege[0];
}

type WhenRefused = "hold" | "drop";
type Refusal = ReturnType<typeof errorCondition>;
type Said = { readonly to: Jid | undefined; refusal: Refusal | undefined };
