import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import { type GhostRef, type HomeName, type ResidentId, type RoomId, residentId } from "../bridge/model.ts";
import type { HomeHost, IntakeItem } from "../bridge/ports/home.ts";
import type { Secret } from "../bridge/secret.ts";
import type { People } from "./component/people.ts";
import type { RosterTeller } from "./component/rosters.ts";
import type { Services } from "./component/services.ts";
import { isOwnId } from "./convert/echo.ts";
import type { GhostJids } from "./convert/ghost.ts";
import { batchOf, commandOf } from "./convert/heard.ts";
import type { Act, Stored } from "./convert/stored.ts";
import type { IntakeSpool } from "./intake.ts";
import { type BareJid, bare, domainOf, type Jid, jidParts } from "./jid.ts";
import type { ComponentLink } from "./link/component-link.ts";
import type { Recall } from "./recall.ts";
import type { Speech } from "./speech.ts";
import { errorElement, failureElement } from "./stanza/errors.ts";
import { errorMessage, type ReadMessage, readMessage, readTune, receiptMessage } from "./stanza/message.ts";
import { readPresence, subscription } from "./stanza/presence.ts";
import { type Grants, readGrants } from "./stanza/privilege.ts";
import type { XmlElement } from "./stanza/xml.ts";

export interface ReceiverOptions {
  readonly home: HomeName;
  readonly host: () => HomeHost;
  readonly names: GhostJids;
  readonly secret: Secret;
  readonly link: ComponentLink;
  readonly spool: IntakeSpool;
  readonly people: People;
  readonly teller: RosterTeller;
  readonly services: Services;
  readonly speech: Speech;
  readonly recall: Recall;
  /** Rooms of groups see each stanza first. True: it is dealt with. */
  readonly rooms: (stanza: XmlElement) => boolean;
  readonly granted: (domain: string, grants: Grants) => void;
  readonly log: Logger;
}

const ACTS: Readonly<Record<string, Act>> = {
  subscribe: "subscribe",
  subscribed: "subscribed",
  unsubscribe: "unsubscribe",
  unsubscribed: "unsubscribed",
};

/** Sorts what comes over the link: what matters is stored first, what is of the moment is passed on at once. */
export class Receiver {
  readonly #o: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#o = options;
  }

  /** Never throws: one bad stanza must not end the link. */
  take(stanza: XmlElement): void {
    try {
      if (this.#o.rooms(stanza)) return;
      if (stanza.name === "message") this.#message(stanza);
      else if (stanza.name === "presence") this.#presence(stanza);
      else void this.#o.services.handle(stanza);
    } catch (error) {
      this.#o.log.error({ err: error, from: stanza.attrs.from, kind: stanza.name }, "a stanza could not be read");
    }
  }

  /** Words to a ghost alone, by whatever way they have come. Never throws. */
  toGhost(stanza: XmlElement): void {
    try {
      this.#message(stanza);
    } catch (error) {
      this.#o.log.error({ err: error, from: stanza.attrs.from }, "words to a ghost could not be read");
    }
  }

  #message(stanza: XmlElement): void {
    const message = readMessage(stanza);
    if (!message) return;
    const { from, to, type, id } = message;
    if (type === "error") {
      if (!this.#o.speech.refused(stanza)) this.#o.log.debug({ from, id }, "a message was sent back");
      return;
    }
    if (this.#o.names.owns(from)) return;
    if (jidParts(from).node === undefined) {
      this.#fromServer(from, to, stanza);
      return;
    }
    const tune = readTune(stanza);
    if (tune !== undefined) this.#o.people.listens(bare(from), tune);
    if (tune !== undefined || type === "groupchat") return;
    const us = bare(to);
    const ghost = this.#o.names.parse(us);
    if (isOwnId(this.#o.secret, id, us)) return;
    if (us === this.#o.names.gateway) this.#toGateway(message);
    else if (ghost) this.#toGhost(message, us, ghost);
    else if (message.body !== undefined) this.#refuse(message, "item-not-found");
  }

  /** Servers announce what they grant (XEP-0356 §4.1). Only for their own people, so that nobody can claim another's. */
  #fromServer(from: Jid, to: Jid, stanza: XmlElement): void {
    const grants = readGrants(stanza);
    if (grants && bare(to) === this.#o.names.gateway) this.#o.granted(domainOf(from), grants);
  }

  #toGateway(message: ReadMessage): void {
    const { from, body, id } = message;
    if (message.isEncrypted) {
      this.#refuseFor(message, new BridgeError("encrypted"));
      return;
    }
    if (body === undefined || body.trim() === "") return;
    const { names, home } = this.#o;
    const resident = this.#id(from);
    const room = names.room(names.gateway, bare(from));
    const raw: Stored = {
      kind: "command",
      from,
      to: names.gateway,
      line: commandOf(body),
      room,
      ...(id === undefined ? {} : { id }),
    };
    this.#o.spool.put({
      id: batchOf(message),
      resident,
      items: async () => [{ resident: residentId(home, bare(from)), room, control: true, raw }],
      stored: () => this.#received(message),
      refused: (why) => this.#refuseFor(message, why),
    });
  }

  /** What is said to the bridge has arrived when it is stored. */
  #received({ from, to, id, wantsReceipt }: ReadMessage): void {
    if (wantsReceipt && id !== undefined) this.#o.link.sendLoosely(receiptMessage({ from: to, to: from }, id));
  }

  #toGhost(message: ReadMessage, us: BareJid, ghost: GhostRef): void {
    const { from } = message;
    const resident = this.#id(from);
    const room = this.#o.names.room(us, bare(from));
    if (message.state !== undefined || message.body !== undefined) {
      const isTyping = message.state === "composing" && message.body === undefined;
      this.#o.host().typing(room, resident, isTyping, ghost);
    }
    const heard = this.#o.recall.hear(message, us);
    if (heard === undefined) return;
    this.#o.spool.put({
      id: batchOf(message),
      resident,
      items: async () => await this.#items(heard.words, room, resident, ghost),
      stored: heard.keep,
      refused: (why) => this.#refuseFor(message, why),
    });
  }

  /** The first word opens the chat. Of strangers nothing is kept. @throws BridgeError `not-linked`, `store-down`. */
  async #items(
    words: () => Promise<readonly Stored[]>,
    room: RoomId,
    resident: ResidentId,
    invites: GhostRef,
  ): Promise<IntakeItem[]> {
    const { host, home } = this.#o;
    const isPortal = await host().isPortal(home, room);
    if (!isPortal && !(await host().isLinked(resident))) throw new BridgeError("not-linked");
    const all = await words();
    const [first] = all;
    if (first === undefined) return [];
    const item = (raw: Stored): IntakeItem => ({ resident, room, control: false, raw, invites });
    const items = all.map(item);
    return isPortal ? items : [item({ kind: "open", from: first.from, to: first.to }), ...items];
  }

  #presence(stanza: XmlElement): void {
    const read = readPresence(stanza);
    if (!read || this.#o.names.owns(read.from)) return;
    const { from, to, type, id, status } = read;
    const us = bare(to);
    const isGateway = us === this.#o.names.gateway;
    if (type === "available" || type === "unavailable" || type === "invisible") {
      // What goes to ghosts is the same once more, or is meant for one contact alone, which MSN does not know.
      if (isGateway) this.#o.people.heard(read);
      return;
    }
    const act = ACTS[type];
    if (!isGateway && !this.#o.names.parse(us)) {
      this.#nobody(us, from, type);
      return;
    }
    if (type === "probe") this.#o.teller.probed(us, this.#id(from), from);
    if (act === undefined) return;
    const raw: Stored = {
      kind: "act",
      act,
      from,
      to: us,
      ...(id === undefined ? {} : { id }),
      ...(status === "" ? {} : { text: status.slice(0, 500) }),
    };
    this.act(raw).catch((error: unknown) => this.#o.log.warn({ err: error }, "a subscription was not stored"));
  }

  /** Who wants to see a JID that is nobody's need not wait for an answer. */
  #nobody(us: BareJid, from: Jid, type: string): void {
    if (type !== "subscribe" && type !== "probe") return;
    const text = `${us} is not the JID of anybody on MSN. That of anna@hotmail.com is anna\\40hotmail.com@${this.#o.names.gateway}.`;
    this.#o.link.sendLoosely(subscription({ from: us, to: bare(from) }, "unsubscribed", { text }));
  }

  /** Has changes of a contact list stored. @throws BridgeError. */
  act(...acts: readonly (Stored & { kind: "act" | "command" })[]): Promise<void> {
    const [first] = acts;
    if (first === undefined) return Promise.resolve();
    const resident = this.#id(first.from);
    const { names } = this.#o;
    const stored = Promise.withResolvers<void>();
    this.#o.spool.put({
      id: randomUUID(),
      resident,
      items: async () =>
        acts.map((raw) => ({ resident, room: names.room(names.gateway, bare(raw.from)), control: true, raw })),
      stored: stored.resolve,
      refused: stored.reject,
    });
    return stored.promise;
  }

  #id(from: Jid): ResidentId {
    return residentId(this.#o.home, bare(from));
  }

  #refuseFor(message: ReadMessage, why: BridgeError): void {
    this.#bounce(message, failureElement(why.code, why.person));
  }

  #refuse(message: ReadMessage, condition: string): void {
    this.#bounce(message, errorElement({ type: "cancel", condition }));
  }

  #bounce({ from, to, id }: ReadMessage, error: XmlElement): void {
    if (id === undefined) return;
    const place = this.#o.speech.addressed(from, id, to);
    this.#o.link.sendLoosely(errorMessage({ from: place, to: from }, id, error));
  }
}
