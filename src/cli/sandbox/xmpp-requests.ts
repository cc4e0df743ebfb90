import { randomUUID } from "node:crypto";
import { type Form, type FormValues, filledIn, readForm } from "./xmpp-form.ts";
import { NS, readMessage, type SeenMessage, type Stanza, xml } from "./xmpp-stanza.ts";

/** Sends an IQ and gives the answer. @throws RequestRefused */
export type AskByIq = (type: "get" | "set", to: string | undefined, payload: Stanza) => Promise<Stanza>;

export interface DiscoIdentity {
  readonly category: string;
  readonly type: string;
  readonly name: string | undefined;
}

export interface DiscoInfo {
  readonly identities: readonly DiscoIdentity[];
  readonly features: readonly string[];
  readonly forms: readonly Form[];
}

export interface DiscoItem {
  readonly jid: string;
  readonly node: string | undefined;
  readonly name: string | undefined;
}

/** What a service asks of somebody who wants to register with it (XEP-0077). */
export interface Registration {
  readonly registered: boolean;
  readonly instructions: string | undefined;
  /** Elements of the plain form: username, password … */
  readonly fields: readonly string[];
  readonly form: Form | undefined;
  /** XEP-0066. */
  readonly url: string | undefined;
}

/** One step of an ad-hoc command (XEP-0050). */
export interface CommandStep {
  readonly jid: string;
  readonly node: string;
  readonly session: string | undefined;
  /** executing, completed or canceled. */
  readonly status: string;
  readonly actions: readonly string[];
  readonly notes: readonly { readonly type: string; readonly text: string }[];
  readonly form: Form | undefined;
  readonly url: string | undefined;
  readonly element: Stanza;
}

const PAGE = 100;
const MOST_PAGES = 100;

/** What a client asks of servers, services and contacts. */
export class XmppRequests {
  readonly #ask: AskByIq;
  readonly #own: string;
  readonly #archived: (query: string) => readonly Stanza[];

  /** @param archived the results that have come for an archive query, in order; they are taken away by it */
  constructor(own: string, ask: AskByIq, archived: (query: string) => readonly Stanza[]) {
    this.#own = own;
    this.#ask = ask;
    this.#archived = archived;
  }

  /** Anything, of anybody. @throws RequestRefused */
  async query(type: "get" | "set", jid: string, payload: Stanza): Promise<Stanza> {
    return childOf(await this.#ask(type, jid, payload), payload.name);
  }

  async discoInfo(jid: string, node?: string): Promise<DiscoInfo> {
    const query = await this.#queried(jid, xml("query", { xmlns: NS.discoInfo, node }));
    return {
      identities: query.getChildren("identity").map(({ attrs }) => ({
        category: attrs.category ?? "",
        type: attrs.type ?? "",
        name: attrs.name,
      })),
      features: query.getChildren("feature").map(({ attrs }) => attrs.var ?? ""),
      forms: query.getChildren("x", NS.data).flatMap((form) => readForm(xml("of", {}, form)) ?? []),
    };
  }

  async discoItems(jid: string, node?: string): Promise<readonly DiscoItem[]> {
    const query = await this.#queried(jid, xml("query", { xmlns: NS.discoItems, node }));
    return query.getChildren("item").map(({ attrs: { jid: of = "", node, name } }) => ({ jid: of, node, name }));
  }

  /** XEP-0199. */
  async ping(jid: string): Promise<void> {
    await this.#ask("get", jid, xml("ping", { xmlns: NS.ping }));
  }

  /** XEP-0092. */
  async version(jid: string): Promise<{ readonly name: string; readonly version: string }> {
    const query = await this.#queried(jid, xml("query", { xmlns: NS.version }));
    return { name: query.getChildText("name") ?? "", version: query.getChildText("version") ?? "" };
  }

  async registration(service: string): Promise<Registration> {
    const query = await this.#queried(service, xml("query", { xmlns: NS.register }));
    const plain = query.getChildElements().filter((child) => child.getNS() === NS.register);
    return {
      registered: query.getChild("registered") !== undefined,
      instructions: query.getChildText("instructions") ?? undefined,
      fields: plain.map(({ name }) => name).filter((name) => name !== "registered" && name !== "instructions"),
      form: readForm(query),
      url: query.getChild("x", NS.oob)?.getChildText("url") ?? undefined,
    };
  }

  /** Registers with the plain elements, or with the data form. */
  async register(
    service: string,
    values: Readonly<Record<string, string>>,
    as: "plain" | Form = "plain",
  ): Promise<void> {
    const plain = (): readonly Stanza[] => Object.entries(values).map(([name, value]) => xml(name, {}, value));
    const content = as === "plain" ? plain() : [filledIn(values, as)];
    await this.#ask("set", service, xml("query", { xmlns: NS.register }, content));
  }

  async unregister(service: string): Promise<void> {
    await this.#ask("set", service, xml("query", { xmlns: NS.register }, xml("remove")));
  }

  /** The ad-hoc commands that somebody offers. */
  async commands(jid: string): Promise<readonly DiscoItem[]> {
    return await this.discoItems(jid, NS.commands);
  }

  /** Starts an ad-hoc command. */
  async command(jid: string, node: string): Promise<CommandStep> {
    return await this.#command(jid, node, { action: "execute" });
  }

  /** Goes on with a command, with the form filled in: `complete`, `next`, `prev`, `cancel` or `execute`. */
  async commandStep(step: CommandStep, action: string, values?: FormValues): Promise<CommandStep> {
    const form = values === undefined ? undefined : filledIn(values, step.form);
    return await this.#command(step.jid, step.node, { action, sessionid: step.session }, form);
  }

  /** XEP-0054; the element with FN, NICKNAME, PHOTO … */
  async vcard(jid: string): Promise<Stanza> {
    return childOf(await this.#ask("get", jid, xml("vCard", { xmlns: NS.vcard })), "vCard");
  }

  async setVcard(content: readonly Stanza[]): Promise<void> {
    await this.#ask("set", undefined, xml("vCard", { xmlns: NS.vcard }, content));
  }

  /** The payloads on somebody's pubsub node (XEP-0060, XEP-0163). */
  async published(jid: string, node: string): Promise<readonly Stanza[]> {
    const answer = await this.#ask("get", jid, xml("pubsub", { xmlns: NS.pubsub }, xml("items", { node })));
    const items = childOf(answer, "pubsub").getChild("items")?.getChildren("item") ?? [];
    return items.flatMap((item) => item.getChildElements());
  }

  /** Publishes on an own node; everybody who may know is told. */
  async publish(node: string, payload: Stanza, id = "current"): Promise<void> {
    const publish = xml("publish", { node }, xml("item", { id }, payload));
    await this.#ask("set", undefined, xml("pubsub", { xmlns: NS.pubsub }, publish));
  }

  /** XEP-0118; without a tune: the music has stopped. */
  async publishTune(tune?: {
    readonly artist?: string;
    readonly title?: string;
    readonly source?: string;
  }): Promise<void> {
    const parts = Object.entries(tune ?? {}).map(([name, value]) => xml(name, {}, value));
    await this.publish(NS.tune, xml("tune", { xmlns: NS.tune }, parts));
  }

  async blocked(): Promise<readonly string[]> {
    const answer = await this.#ask("get", undefined, xml("blocklist", { xmlns: NS.blocking }));
    return childOf(answer, "blocklist")
      .getChildren("item")
      .map(({ attrs }) => attrs.jid ?? "");
  }

  /** XEP-0191. */
  async block(jid: string): Promise<void> {
    await this.#ask("set", undefined, xml("block", { xmlns: NS.blocking }, xml("item", { jid })));
  }

  async unblock(jid: string): Promise<void> {
    await this.#ask("set", undefined, xml("unblock", { xmlns: NS.blocking }, xml("item", { jid })));
  }

  /** Everything the archive has, oldest first: of the own account, or of a room; with one contact only, when given. */
  async archive(options: { readonly with?: string; readonly room?: string } = {}): Promise<readonly SeenMessage[]> {
    const found: SeenMessage[] = [];
    let after: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const query = randomUUID();
      const range = xml("set", { xmlns: NS.rsm }, xml("max", {}, String(PAGE)), after && xml("after", {}, after));
      const filter = filledIn({ FORM_TYPE: NS.mam, ...(options.with === undefined ? {} : { with: options.with }) });
      const payload = xml("query", { xmlns: NS.mam, queryid: query }, filter, range);
      const fin = childOf(await this.#ask("set", options.room, payload), "fin");
      found.push(...this.#archived(query).flatMap((result) => this.#archivedMessage(result)));
      after = fin.getChild("set", NS.rsm)?.getChildText("last") ?? undefined;
      if (fin.attrs.complete === "true" || after === undefined) break;
    }
    return found;
  }

  #archivedMessage(result: Stanza): readonly SeenMessage[] {
    const forwarded = result.getChild("forwarded", NS.forward);
    const message = forwarded?.getChild("message");
    if (message === undefined) return [];
    const stamp = forwarded?.getChild("delay", NS.delay)?.attrs.stamp;
    const seen = readMessage(message, this.#own);
    return [{ ...seen, stanzaId: result.attrs.id, at: stamp === undefined ? seen.at : Date.parse(stamp) }];
  }

  async #command(
    jid: string,
    node: string,
    attrs: Readonly<Record<string, string | undefined>>,
    form?: Stanza,
  ): Promise<CommandStep> {
    const answer = await this.#ask("set", jid, xml("command", { xmlns: NS.commands, node, ...attrs }, form));
    const command = childOf(answer, "command");
    return {
      jid,
      node,
      session: command.attrs.sessionid,
      status: command.attrs.status ?? "",
      actions:
        command
          .getChild("actions")
          ?.getChildElements()
          .map(({ name }) => name) ?? [],
      notes: command.getChildren("note").map((note) => ({ type: note.attrs.type ?? "info", text: note.text() })),
      form: readForm(command),
      url: command.getChild("x", NS.oob)?.getChildText("url") ?? undefined,
      element: command,
    };
  }

  async #queried(jid: string, query: Stanza): Promise<Stanza> {
    return childOf(await this.#ask("get", jid, query), "query");
  }
}

function childOf(answer: Stanza, name: string): Stanza {
  const child = answer.getChildElements().find((element) => element.name === name);
  if (child === undefined) throw new Error(`an answer without <${name}/>: ${answer.toString()}`);
  return child;
}
