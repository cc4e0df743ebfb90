/** A room without a server: people ask it by stanzas, and what comes of it is kept for each client. */
import { Secret } from "../../../../src/bridge/secret.ts";
import { readRequest } from "../../../../src/xmpp/conference/read.ts";
import { Room } from "../../../../src/xmpp/conference/room.ts";
import type { RoomOptions } from "../../../../src/xmpp/conference/state.ts";
import type { Outcome, RoomEvent, Rules } from "../../../../src/xmpp/conference/types.ts";
import { type BareJid, parseBareJid } from "../../../../src/xmpp/jid.ts";
import { el, elements, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";

export const MUC = "http://jabber.org/protocol/muc";
export const ROOM = parseBareJid("circle-1@msn.example.org");
export const ALICE = parseBareJid("alice\\40msn.test@msn.example.org");
export const BOB = parseBareJid("bob\\40msn.test@msn.example.org");
export const jid = (name: string): BareJid => parseBareJid(`${name}@example.org`);
export const SECRET = new Secret("of the installation");

/** All is done at once, nobody is asked. */
export const FREE: Partial<Rules> = {
  say: "free",
  subject: "free",
  "invite-ghost": "free",
  "invite-person": "free",
  "kick-ghost": "free",
  "kick-person": "free",
  "ban-ghost": "free",
  "ban-person": "free",
  "rank-ghost": "free",
  "rank-person": "free",
  configure: "free",
  destroy: "free",
};

export type Setup = Partial<RoomOptions>;

export class Scene {
  room: Room;
  now = Date.parse("2026-03-01T12:00:00Z");
  readonly options: RoomOptions;
  readonly events: RoomEvent[] = [];
  /** Everything sent to anybody, oldest first. */
  sent: XmlElement[] = [];
  #ids = 0;

  constructor(setup: Setup = {}) {
    const newId = (): string => {
      this.#ids += 1;
      return `id-${this.#ids}`;
    };
    this.options = { jid: ROOM, secret: SECRET, newId, ...setup };
    this.room = Room.make(this.options);
  }

  /** What the room answers; kept with all else. */
  did({ stanzas, events }: Outcome): readonly XmlElement[] {
    this.sent.push(...stanzas);
    this.events.push(...events);
    return stanzas;
  }

  ask(stanza: XmlElement): readonly XmlElement[] {
    const request = readRequest(stanza, this.now);
    return request === undefined ? [] : this.did(this.room.take(request, this.now));
  }

  /** `client`: a full JID, or a name for `name@example.org/phone`. */
  enter(client: string, nick: string, history?: Record<string, string>): readonly XmlElement[] {
    const wish = el("x", { xmlns: MUC }, history && el("history", history));
    return this.presence(client, nick, wish);
  }

  presence(client: string, nick: string, ...children: XmlElement[]): readonly XmlElement[] {
    return this.ask(el("presence", { from: full(client), to: `${ROOM}/${nick}` }, children));
  }

  leave(client: string, nick = "x"): readonly XmlElement[] {
    return this.ask(el("presence", { from: full(client), to: `${ROOM}/${nick}`, type: "unavailable" }));
  }

  say(client: string, body: string, ...more: XmlElement[]): readonly XmlElement[] {
    const attrs = { from: full(client), to: ROOM, type: "groupchat", id: `of-${body}` };
    return this.ask(el("message", attrs, el("body", {}, body), more));
  }

  subject(client: string, text: string): readonly XmlElement[] {
    return this.ask(el("message", { from: full(client), to: ROOM, type: "groupchat" }, el("subject", {}, text)));
  }

  iq(client: string, type: "get" | "set", child: XmlElement, nick?: string): XmlElement {
    const to = nick === undefined ? ROOM : `${ROOM}/${nick}`;
    const answers = this.ask(el("iq", { from: full(client), to, type, id: "q" }, child));
    return answers.find(({ name }) => name === "iq") ?? el("nothing");
  }

  admin(client: string, ...items: Record<string, string>[]): XmlElement {
    const query = el(
      "query",
      { xmlns: `${MUC}#admin` },
      items.map(({ reason, ...attrs }) => el("item", attrs, reason && el("reason", {}, reason))),
    );
    return this.iq(client, "set", query);
  }

  /** A room for members with an owner and a member in it, and a ghost. */
  static peopled(setup: Setup = {}): Scene {
    const scene = new Scene({ rules: FREE, ...setup });
    scene.did(scene.room.rank(jid("olga"), "owner"));
    scene.did(scene.room.rank(jid("mike"), "member"));
    scene.did(scene.room.seatGhost({ who: ALICE, name: "Alice", shown: [] }));
    scene.enter("olga", "Olga");
    scene.enter("mike", "Mike");
    scene.sent = [];
    scene.events.length = 0;
    return scene;
  }
}

export const full = (client: string): string => (client.includes("@") ? client : `${client}@example.org/phone`);
export const to = (stanzas: readonly XmlElement[], client: string): XmlElement[] =>
  stanzas.filter(({ attrs }) => attrs.to === full(client));
export const item = (stanza: XmlElement | undefined): XmlElement | undefined =>
  stanza?.getChild("x", `${MUC}#user`)?.getChild("item");
export const codes = (stanza: XmlElement | undefined): (string | undefined)[] =>
  stanza
    ?.getChild("x", `${MUC}#user`)
    ?.getChildren("status")
    .map(({ attrs }) => attrs.code) ?? [];
export const nickOf = (stanza: XmlElement): string => stanza.attrs.from?.split("/").slice(1).join("/") ?? "";
export const body = (stanza: XmlElement): string | undefined => stanza.getChildText("body") ?? undefined;
export const bodies = (stanzas: readonly XmlElement[]): string[] => stanzas.flatMap((one) => body(one) ?? []);

/** `type condition` of an error. */
export function error(stanza: XmlElement | undefined): string | undefined {
  const found = stanza?.getChild("error");
  return found && `${found.attrs.type} ${elements(found)[0]?.getName()}`;
}

/** Presences as one reads them: `Olga`, `-Olga` for gone, with the codes. */
export function presences(stanzas: readonly XmlElement[]): string[] {
  return stanzas
    .filter(({ name }) => name === "presence")
    .map((one) => [`${one.attrs.type === "unavailable" ? "-" : ""}${nickOf(one)}`, ...codes(one)].join(" "));
}
