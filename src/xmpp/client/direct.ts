import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import { type HomeName, type MessageId, messageId, type ResidentId, residentId, roomId } from "../../bridge/model.ts";
import type { HomeHost, IntakeItem } from "../../bridge/ports/home.ts";
import { RecentMap } from "../../bridge/recent.ts";
import type { Secret } from "../../bridge/secret.ts";
import { linkIn } from "../component/commands.ts";
import { isOwnId, ownId } from "../convert/echo.ts";
import { residentJid } from "../convert/ghost.ts";
import { batchOf, commandOf, storedOf } from "../convert/heard.ts";
import type { Stored } from "../convert/stored.ts";
import { splitText } from "../convert/text.ts";
import type { IntakeSpool } from "../intake.ts";
import { type BareJid, bare, jidParts, readJid } from "../jid.ts";
import type { ClientLink } from "../link/client-link.ts";
import { invitedTo } from "../muc/room-words.ts";
import { take } from "../muc/taking.ts";
import { failureElement } from "../stanza/errors.ts";
import { chatMessage, errorMessage, type ReadMessage, readMessage } from "../stanza/message.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";

export interface DirectOptions {
  readonly home: HomeName;
  readonly account: BareJid;
  readonly secret: Secret;
  readonly personal: boolean;
  readonly link: () => Pick<ClientLink, "sendSurely" | "sendLoosely">;
  readonly host: () => HomeHost;
  readonly spool: IntakeSpool;
  readonly mayLink: (resident: ResidentId) => boolean;
  /** Somebody asks the account into a room. */
  readonly invited: (room: BareJid) => void;
  readonly log: Logger;
}

/** Strangers who were refused, and how long they are not told so again, ms. */
const STRANGERS = 1000;
const STRANGER_MS = 3_600_000;

/**
 * What is said to the account itself: commands. A relay account hears those who may link; on an account of one's own it is
 * the chat with oneself, and nobody else's words are looked at.
 */
export class Direct {
  readonly #o: DirectOptions;
  readonly #refused = new RecentMap<BareJid, number>(STRANGERS);

  constructor(options: DirectOptions) {
    this.#o = options;
  }

  /** A message from outside of the rooms. @throws BridgeError `store-down`: it has to come again. */
  async take(stanza: XmlElement): Promise<void> {
    const { account, personal, secret } = this.#o;
    const room = invitedTo(stanza);
    if (room !== undefined) {
      this.#o.invited(room);
      return;
    }
    const message = readMessage(personal ? (this.#ownCopy(stanza) ?? stanza) : stanza);
    if (message === undefined || (message.type !== "chat" && message.type !== "normal")) return;
    if ((bare(message.from) === account) !== personal || bare(message.to) !== account) return;
    if (jidParts(message.from).node === undefined || isOwnId(secret, message.id, account)) return;
    await this.#command(message);
  }

  /** Says something to somebody. @throws BridgeError `home-down`, `home-busy`. */
  async say(resident: ResidentId, text: string, key: string): Promise<MessageId> {
    const { account, secret, link } = this.#o;
    const to = residentJid(resident);
    const url = linkIn(text);
    const parts = splitText(text).map((body, part) => {
      const id = ownId(secret, key, to, part);
      return chatMessage({ from: account, to, id, body, ...(url === undefined ? {} : { url }) });
    });
    await link().sendSurely(...parts);
    return messageId(parts[0]?.attrs.id ?? "");
  }

  /** What another client of the account has sent, as its server tells it (XEP-0280); only the account itself may say so. */
  #ownCopy(stanza: XmlElement): XmlElement | undefined {
    if (readJid(stanza.attrs.from) !== (this.#o.account as string)) return undefined;
    const forwarded = stanza.getChild("sent", NS.carbons)?.getChild("forwarded", NS.forward);
    const copy = elements(forwarded).find(({ name }) => name === "message");
    // Without an address it is to oneself (RFC 6120 §8.1.1.1); Prosody takes one's own away.
    return copy && el("message", { to: this.#o.account, ...copy.attrs }, ...copy.children);
  }

  async #command(message: ReadMessage): Promise<void> {
    const { account, home, spool } = this.#o;
    const words = storedOf(message, account);
    if (words === undefined || words.kind === "nudge") return;
    const resident = residentId(home, bare(message.from));
    const room = roomId(`${account} ${bare(message.from)}`);
    const { from, to, id } = words;
    const sent = { from, to, room, ...(id === undefined ? {} : { id }) };
    const raw: Stored = words.kind === "message" ? { kind: "command", ...sent, line: commandOf(words.body) } : words;
    await take(spool, {
      id: batchOf(message),
      resident,
      items: async () => await this.#items({ resident, room, control: true, raw }),
      refused: (why) => this.#refuse(message, why),
    });
  }

  /** @throws BridgeError `not-allowed` for strangers, `store-down`. */
  async #items(item: IntakeItem): Promise<IntakeItem[]> {
    const { mayLink, host } = this.#o;
    if (mayLink(item.resident) || (await host().isLinked(item.resident))) return [item];
    throw new BridgeError("not-allowed");
  }

  #refuse({ from, id }: ReadMessage, why: BridgeError): void {
    const who = bare(from);
    const { account, link, log } = this.#o;
    log.info({ from: who, err: why }, "somebody's direct message was refused");
    const isStranger = why.code === "not-allowed";
    if (isStranger && Date.now() - (this.#refused.get(who) ?? 0) < STRANGER_MS) return;
    if (isStranger) this.#refused.set(who, Date.now());
    if (id !== undefined)
      link().sendLoosely(errorMessage({ from: account, to: from }, id, failureElement(why.code, why.person)));
  }
}

/** Copies of what the account's other clients send. */
export function enableCarbons(): XmlElement {
  return el("enable", { xmlns: NS.carbons });
}
