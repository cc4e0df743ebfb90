/** Roster items (RFC 6121 §2), as a privileged entity sets and hears them. Pure. */
import { type BareJid, bare, readJid } from "../jid.ts";
import { el, elements, NS, type XmlElement } from "./xml.ts";

export interface RosterItem {
  readonly jid: BareJid;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: string;
}

export function rosterQuery(items: readonly RosterItem[]): XmlElement {
  return el("query", { xmlns: NS.roster }, items.map(itemElement));
}

function itemElement({ jid, name, groups, subscription }: RosterItem): XmlElement {
  if (subscription === "remove") return el("item", { jid, subscription });
  return el(
    "item",
    { jid, name: name === "" ? undefined : name, subscription },
    groups.map((group) => el("group", {}, group)),
  );
}

/** The items of an answer or a push; what has no address is left out. */
export function readRoster(iq: XmlElement): RosterItem[] {
  return elements(iq.getChild("query", NS.roster)).flatMap((item) => {
    const jid = readJid(item.attrs.jid);
    if (item.getName() !== "item" || jid === undefined) return [];
    const groups = item.getChildren("group").map((group) => group.text());
    return [{ jid: bare(jid), name: item.attrs.name ?? "", groups, subscription: item.attrs.subscription ?? "none" }];
  });
}
