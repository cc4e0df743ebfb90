/** Presence stanzas, built and read. Pure. */
import { type BareJid, type Jid, readJid } from "../jid.ts";
import { type Picture, pictureMark } from "./vcard.ts";
import { el, NS, type XmlElement } from "./xml.ts";

export type Show = "chat" | "away" | "xa" | "dnd";

interface Addressed {
  readonly from: Jid | BareJid;
  readonly to: Jid | BareJid;
}

export interface Shown {
  readonly show: Show | undefined;
  readonly status: string;
}

/** What is there of somebody who can be seen, besides how they are. */
export interface Trimmings {
  readonly nick?: string | undefined;
  /** An element of XEP-0115. */
  readonly caps?: XmlElement | undefined;
  readonly picture?: Picture | undefined;
}

/** Somebody is there (`shown`), or is not. */
export function presence(
  { from, to }: Addressed,
  shown: Shown | undefined,
  { nick, caps, picture }: Trimmings = {},
): XmlElement {
  if (shown === undefined) return el("presence", { from, to, type: "unavailable" });
  return el(
    "presence",
    { from, to },
    shown.show === undefined ? undefined : el("show", {}, shown.show),
    shown.status === "" ? undefined : el("status", {}, shown.status),
    nick === undefined || nick === "" ? undefined : el("nick", { xmlns: NS.nick }, nick),
    caps,
    pictureMark(picture),
  );
}

export type SubscriptionKind = "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed" | "probe";

/** A question or an answer about who may see whom. */
export function subscription(
  { from, to }: Addressed,
  type: SubscriptionKind,
  o: { nick?: string; text?: string } = {},
) {
  return el(
    "presence",
    { from, to, type },
    o.text === undefined ? undefined : el("status", {}, o.text),
    o.nick === undefined || o.nick === "" ? undefined : el("nick", { xmlns: NS.nick }, o.nick),
  );
}

export interface ReadPresence {
  readonly from: Jid;
  readonly to: Jid;
  readonly id: string | undefined;
  readonly type: string;
  readonly show: Show | undefined;
  readonly status: string;
  readonly priority: number;
}

const SHOWS: readonly string[] = ["chat", "away", "xa", "dnd"] satisfies Show[];

/** `undefined` when it has no sender or recipient. */
export function readPresence(stanza: XmlElement): ReadPresence | undefined {
  const [from, to] = [readJid(stanza.attrs.from), readJid(stanza.attrs.to)];
  if (from === undefined || to === undefined) return undefined;
  const show = stanza.getChildText("show")?.trim() ?? "";
  const priority = Number.parseInt(stanza.getChildText("priority") ?? "0", 10);
  return {
    from,
    to,
    id: stanza.attrs.id,
    type: stanza.attrs.type ?? "available",
    show: SHOWS.includes(show) ? (show as Show) : undefined,
    status: (stanza.getChildText("status") ?? "").trim(),
    priority: Number.isNaN(priority) ? 0 : Math.max(-128, Math.min(127, priority)),
  };
}
