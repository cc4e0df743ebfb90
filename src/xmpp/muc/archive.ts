import { randomUUID } from "node:crypto";
import { BridgeError } from "../../bridge/errors.ts";
import { type BareJid, type Jid, readJid } from "../jid.ts";
import { submission } from "../stanza/form.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";
import { asJid } from "./room-words.ts";
import type { RoomLink } from "./types.ts";

const MAM = "urn:xmpp:mam:2";
const RSM = "http://jabber.org/protocol/rsm";
const PAGE = 100;
/** What is more than this was not missed in a break, but in an absence. */
const PAGES = 50;

/** Up to where something has been read: the last message's name, and when that was, Unix ms. */
export interface Position {
  readonly id?: string;
  readonly at: number;
}

/** A room's archive (XEP-0313), read from where one has left off. */
export class RoomArchive {
  readonly #link: Pick<RoomLink, "request">;
  readonly #room: BareJid;
  #query: { readonly id: string; readonly found: XmlElement[] } | undefined;

  constructor(link: Pick<RoomLink, "request">, room: BareJid) {
    this.#link = link;
    this.#room = room;
  }

  /** True: it was a result of the query under way, and is kept for it. */
  take(message: XmlElement): boolean {
    const result = message.getChild("result", MAM);
    if (result === undefined || readJid(message.attrs.from) !== (this.#room as string)) return false;
    const isOurs = this.#query !== undefined && result.attrs.queryid === this.#query.id;
    if (isOurs && (this.#query?.found.length ?? 0) < PAGE * 2) this.#query?.found.push(result);
    return true;
  }

  /**
   * What was said after the message of this stanza-id, or without one after that time, oldest first, page by page:
   * messages as they were, with stamp and stanza-id.
   * @throws StanzaRefusal when there is no archive or it does not know the id; BridgeError `home-down` without an answer.
   */
  async *after({ id, at }: Position, to: Jid): AsyncGenerator<XmlElement> {
    let last = id;
    const start = id === undefined ? startingAt(at) : undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const query = { id: randomUUID(), found: [] as XmlElement[] };
      this.#query = query;
      const behind = last === undefined ? undefined : el("after", {}, last);
      const range = el("set", { xmlns: RSM }, el("max", {}, String(PAGE)), behind);
      const ask = { to: asJid(this.#room), type: "set" } as const;
      const answer = await this.#link.request(ask, el("query", { xmlns: MAM, queryid: query.id }, start, range));
      this.#query = undefined;
      for (const result of query.found) {
        const message = this.#restored(result, to);
        if (message !== undefined) yield message;
      }
      const fin = answer.getChild("fin", MAM);
      const next = fin?.getChild("set", RSM)?.getChildText("last") ?? undefined;
      if (fin?.attrs.complete === "true" || next === undefined || next === last) return;
      last = next;
    }
    throw new BridgeError("internal", { detail: `more than ${PAGE * PAGES} messages were missed in ${this.#room}` });
  }

  #restored(result: XmlElement, to: Jid): XmlElement | undefined {
    const forwarded = result.getChild("forwarded", NS.forward);
    const message = elements(forwarded).find(({ name }) => name === "message");
    if (message === undefined) return undefined;
    const children = elements(message).filter(
      (child) => !child.is("stanza-id", NS.sid) && !child.is("delay", NS.delay),
    );
    const name = el("stanza-id", { xmlns: NS.sid, by: this.#room, id: result.attrs.id });
    return el("message", { ...message.attrs, to }, ...children, name, forwarded?.getChild("delay", NS.delay));
  }
}

/** XEP-0313 §4.1.2. */
function startingAt(at: number): XmlElement {
  return submission(MAM, { start: new Date(at).toISOString() });
}
