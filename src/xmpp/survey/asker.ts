import { randomUUID } from "node:crypto";
import { BridgeError } from "../../bridge/errors.ts";
import type { Jid } from "../jid.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { errorCondition, errorElement } from "../stanza/errors.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";

const ANSWER_MS = 5000;

/** Questions over one stream that serves for nothing else, and is closed when they are answered. */
export class Asker {
  readonly #write: (stanza: XmlElement) => boolean;
  readonly #from: Jid | undefined;
  readonly #waiting = new Map<string, (answer: XmlElement) => void>();

  /** @param from for a component, whose stanzas must say whose they are */
  constructor(write: (stanza: XmlElement) => boolean, from?: Jid) {
    this.#write = write;
    this.#from = from;
  }

  /** @throws StanzaRefusal when the answer is an error, BridgeError `home-down` when none comes. */
  async ask(to: Jid | undefined, type: "get" | "set", child: XmlElement): Promise<XmlElement> {
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<XmlElement>();
    const late = (): void => reject(new BridgeError("home-down", { detail: `${to ?? "the account"} does not answer` }));
    const timer = setTimeout(late, ANSWER_MS);
    this.#waiting.set(id, resolve);
    try {
      if (!this.#write(el("iq", { type, id, from: this.#from, to }, child))) late();
      const answer = await promise;
      if (answer.attrs.type !== "error") return answer;
      const { condition, text } = errorCondition(answer);
      throw new StanzaRefusal(condition, text);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** As {@link ask}; `undefined` when there is no answer, or an error. */
  async askLoosely(to: Jid | undefined, type: "get" | "set", child: XmlElement): Promise<XmlElement | undefined> {
    try {
      return await this.ask(to, type, child);
    } catch (error) {
      if (error instanceof StanzaRefusal || error instanceof BridgeError) return undefined;
      throw error;
    }
  }

  /** Whatever is no answer is not for a tool: it goes back, so that whoever has sent it does not think that it arrived. */
  heard(stanza: XmlElement): void {
    const { id = "", type = "normal", from, to } = stanza.attrs;
    const isAnswer = type === "result" || type === "error";
    if (stanza.name === "iq" && isAnswer) this.#waiting.get(id)?.(stanza);
    else if (this.#from !== undefined && !isAnswer && stanza.name !== "presence" && from !== undefined) {
      const error = errorElement({ type: "wait", condition: "recipient-unavailable" });
      this.#write(el(stanza.name, { type: "error", id: stanza.attrs.id, from: to, to: from }, error));
    }
  }

  /** What a server or service says that it is and can (XEP-0030). */
  async info(to: Jid | undefined): Promise<Offer | undefined> {
    const answer = await this.askLoosely(to, "get", el("query", { xmlns: NS.discoInfo }));
    const parts = elements(answer?.getChild("query", NS.discoInfo));
    if (answer === undefined) return undefined;
    return {
      identities: parts.filter(({ name }) => name === "identity").map(({ attrs }) => `${attrs.category}/${attrs.type}`),
      features: new Set(parts.filter(({ name }) => name === "feature").map(({ attrs }) => attrs.var ?? "")),
      parts,
    };
  }

  /** The first service of a server that offers a feature. */
  async service(server: Jid, fits: (offer: Offer) => boolean): Promise<Service | undefined> {
    const answer = await this.askLoosely(server, "get", el("query", { xmlns: NS.discoItems }));
    const items = elements(answer?.getChild("query", NS.discoItems)).slice(0, MOST_SERVICES);
    const offers = await Promise.all(
      items.map(async ({ attrs }) => ({ jid: attrs.jid ?? "", offer: await this.info(attrs.jid as Jid | undefined) })),
    );
    for (const { jid, offer } of offers) if (offer !== undefined && fits(offer)) return { jid, offer };
    return undefined;
  }
}

/** A server that lists more than this is asked about the first of them. */
const MOST_SERVICES = 50;

export interface Offer {
  /** As `category/type`. */
  readonly identities: readonly string[];
  readonly features: ReadonlySet<string>;
  readonly parts: readonly XmlElement[];
}

export interface Service {
  readonly jid: string;
  readonly offer: Offer;
}
