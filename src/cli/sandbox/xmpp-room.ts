import { NS, resourceOf, type SeenMessage, type SeenPresence } from "./xmpp-stanza.ts";

/** Somebody in a conference (XEP-0045). */
export interface Occupant {
  readonly nick: string;
  /** The real address, where the room tells it. */
  readonly jid: string | undefined;
  readonly affiliation: string;
  readonly role: string;
  readonly presence: SeenPresence;
}

/** One conference as a person in it sees it. */
export class XmppRoom {
  readonly jid: string;
  readonly nick: string;
  readonly occupants = new Map<string, Occupant>();
  /** Everything said by groupchat message, history included, oldest first. */
  readonly messages: SeenMessage[] = [];
  subject: string | undefined;
  /** Whether the room has confirmed the own presence. */
  joined = false;
  /** Why the room refused, or how one left it: the status codes and the reason. */
  left: { readonly codes: readonly string[]; readonly reason: string | undefined } | undefined;

  constructor(jid: string, nick: string) {
    this.jid = jid;
    this.nick = nick;
  }

  /** Bodies of the messages, oldest first; only those of one occupant, when given. */
  texts(nick?: string): readonly string[] {
    return this.messages.flatMap(({ from, body }) =>
      body === undefined || (nick !== undefined && resourceOf(from) !== nick) ? [] : [body],
    );
  }

  nicks(): readonly string[] {
    return [...this.occupants.keys()].sort();
  }

  seePresence(presence: SeenPresence): void {
    // Of the room itself: its picture, in its vCard.
    if (!presence.from.includes("/")) return;
    const about = presence.element.getChild("x", NS.mucUser);
    const nick = resourceOf(presence.from);
    const item = about?.getChild("item");
    const codes = about?.getChildren("status").map(({ attrs }) => attrs.code ?? "") ?? [];
    const isOwn = codes.includes("110") || nick === this.nick;
    if (presence.type === "available") {
      const { affiliation = "none", role = "none", jid } = item?.attrs ?? {};
      this.occupants.set(nick, { nick, jid, affiliation, role, presence });
      if (isOwn) this.joined = true;
    } else if (presence.type === "unavailable") {
      this.occupants.delete(nick);
      if (!isOwn) return;
      this.joined = false;
      this.left = { codes, reason: item?.getChildText("reason") ?? undefined };
    } else if (presence.type === "error" && !this.joined) {
      this.left = { codes: [presence.error?.condition ?? "error"], reason: presence.error?.text };
    }
  }

  seeMessage(message: SeenMessage): void {
    if (message.subject !== undefined && message.body === undefined) this.subject = message.subject;
    else this.messages.push(message);
  }
}
