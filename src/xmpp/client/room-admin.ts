/** Rooms that the account makes: found a service for, configured, opened to one person. */
import { createHmac } from "node:crypto";
import { BridgeError } from "../../bridge/errors.ts";
import type { Secret } from "../../bridge/secret.ts";
import { type BareJid, domainOf, type Jid, parseBareJid, readJid } from "../jid.ts";
import type { ClientLink } from "../link/client-link.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { asJid } from "../muc/room-words.ts";
import { submission } from "../stanza/form.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";

const MUC = "http://jabber.org/protocol/muc";
const ROOM_CONFIG = `${MUC}#roomconfig`;
const FIELD = "muc#roomconfig_";
/** Items of a server that are asked what they are. */
const MOST_ITEMS = 50;
const ASK_MS = 10_000;

type Asking = Pick<ClientLink, "request">;

/** The conference service of the account's server (XEP-0030). @throws BridgeError `home-refused` when there is none. */
export async function findMucService(link: Asking, account: BareJid): Promise<BareJid> {
  const domain = domainOf(asJid(account)) as string as Jid;
  const items = await link.request({ to: domain, type: "get" }, el("query", { xmlns: NS.discoItems }), ASK_MS);
  for (const item of elements(items.getChild("query", NS.discoItems)).slice(0, MOST_ITEMS)) {
    const to = readJid(item.attrs.jid);
    if (to !== undefined && (await isMucService(link, to))) return parseBareJid(to);
  }
  const detail = `${domain} offers no conference service; name one in xmpp.client.mucService`;
  throw new BridgeError("home-refused", { detail });
}

/** Rooms of other networks behind a gateway are none of the kind that is needed. */
async function isMucService(link: Asking, to: Jid): Promise<boolean> {
  try {
    const info = await link.request({ to, type: "get" }, el("query", { xmlns: NS.discoInfo }), ASK_MS);
    const about = elements(info.getChild("query", NS.discoInfo));
    const isConference = about.some(({ attrs }) => attrs.category === "conference" && attrs.type === "text");
    return isConference && about.some(({ attrs }) => attrs.var === MUC);
  } catch {
    return false;
  }
}

/**
 * The room of a chat: the same each time, and nobody else can tell it before. `what` names the chat. Source: RFC 7622 for
 * what a node may be.
 */
export function roomFor(service: BareJid, secret: Secret, account: BareJid, what: string): BareJid {
  const mac = createHmac("sha256", secret.open()).update(`room\n${account}\n${what}`).digest("hex");
  return parseBareJid(`msn-${mac.slice(0, 32)}@${service}`);
}

/**
 * Makes a room what the chat of two needs: lasting, hidden, for members, who see each other's addresses, with an archive.
 * What the service does not offer is left out, but for what keeps others from reading it.
 * @throws StanzaRefusal when we do not own it, or it cannot be kept from others.
 */
export async function configureRoom(link: Asking, room: BareJid, name: string): Promise<void> {
  const query = (child?: XmlElement): XmlElement => el("query", { xmlns: `${MUC}#owner` }, child);
  const answer = await link.request({ to: asJid(room), type: "get" }, query());
  const form = answer.getChild("query")?.getChild("x", NS.data);
  const offered = new Set((form?.getChildren("field") ?? []).map(({ attrs }) => attrs.var ?? ""));
  if (!NEEDED.every((field) => offered.has(field)))
    throw new StanzaRefusal("feature-not-implemented", "the conference service has no rooms for members alone");
  const wanted = Object.entries(WANTED).flatMap(([field, value]) => (offered.has(field) ? [[field, value]] : []));
  const named = { [`${FIELD}roomname`]: name, ...Object.fromEntries(wanted) };
  await link.request({ to: asJid(room), type: "set" }, query(submission(ROOM_CONFIG, named)));
}

/** Opens a room that has come about by entering it, as it is (XEP-0045 §10.1.2): until then nobody else may enter. */
export async function openRoom(link: Asking, room: BareJid): Promise<void> {
  const query = el("query", { xmlns: `${MUC}#owner` }, submission(ROOM_CONFIG, {}));
  await link.request({ to: asJid(room), type: "set" }, query);
}

const NEEDED = [`${FIELD}membersonly`, `${FIELD}whois`];
const WANTED: Readonly<Record<string, string>> = {
  [`${FIELD}persistentroom`]: "1",
  [`${FIELD}publicroom`]: "0",
  // ejabberd's own, and its archive.
  public_list: "0",
  mam: "1",
  [`${FIELD}enablearchiving`]: "1",
  [`${FIELD}membersonly`]: "1",
  [`${FIELD}whois`]: "anyone",
  [`${FIELD}moderatedroom`]: "0",
  [`${FIELD}changesubject`]: "0",
  [`${FIELD}allowinvites`]: "0",
};

/** Lets somebody in, for good. @throws StanzaRefusal. */
export async function grantMembership(link: Asking, room: BareJid, jid: BareJid): Promise<void> {
  const item = el("item", { affiliation: "member", jid });
  await link.request({ to: asJid(room), type: "set" }, el("query", { xmlns: `${MUC}#admin` }, item));
}

const PEP_BOOKMARKS = "urn:xmpp:bookmarks:1";
const OLD_BOOKMARKS = "storage:bookmarks";
const PRIVATE = "jabber:iq:private";

/**
 * Notes a room among the account's own, so that its owner's clients open it by themselves: XEP-0402, else XEP-0048.
 * @throws StanzaRefusal when the server has neither.
 */
export async function bookmark(link: Asking, room: BareJid, name: string): Promise<void> {
  const conference = el("conference", { xmlns: PEP_BOOKMARKS, name, autojoin: "true" });
  const options = submission("http://jabber.org/protocol/pubsub#publish-options", {
    "pubsub#persist_items": "true",
    "pubsub#max_items": "max",
    "pubsub#send_last_published_item": "never",
    "pubsub#access_model": "whitelist",
  });
  const publish = el(
    "pubsub",
    { xmlns: NS.pubsub },
    el("publish", { node: PEP_BOOKMARKS }, el("item", { id: room }, conference)),
    el("publish-options", {}, options),
  );
  try {
    await link.request({ type: "set" }, publish);
  } catch (error) {
    if (!(error instanceof StanzaRefusal)) throw error;
    await bookmarkOldStyle(link, room, name);
  }
}

/** As {@link bookmark}, for a room that its owner may have forgotten; what is noted of it stays as it is. */
export async function bookmarkAgain(link: Asking, room: BareJid, name: string): Promise<void> {
  const wanted = el("items", { node: PEP_BOOKMARKS }, el("item", { id: room }));
  try {
    const answer = await link.request({ type: "get" }, el("pubsub", { xmlns: NS.pubsub }, wanted));
    if (elements(answer.getChild("pubsub", NS.pubsub)?.getChild("items")).length > 0) return;
  } catch (error) {
    if (!(error instanceof StanzaRefusal) || error.condition !== "item-not-found") throw error;
  }
  await bookmark(link, room, name);
}

/** Takes a room that is no more out of the account's own. @throws StanzaRefusal. */
export async function forgetBookmark(link: Asking, room: BareJid): Promise<void> {
  const retract = el("retract", { node: PEP_BOOKMARKS, notify: "true" }, el("item", { id: room }));
  await link.request({ type: "set" }, el("pubsub", { xmlns: NS.pubsub }, retract));
}

/** All of them are one document there. */
async function bookmarkOldStyle(link: Asking, room: BareJid, name: string): Promise<void> {
  const query = (...marks: XmlElement[]): XmlElement =>
    el("query", { xmlns: PRIVATE }, el("storage", { xmlns: OLD_BOOKMARKS }, marks));
  const answer = await link.request({ type: "get" }, query());
  const known = elements(answer.getChild("query", PRIVATE)?.getChild("storage", OLD_BOOKMARKS));
  const others = known.filter(({ attrs }) => attrs.jid !== room);
  await link.request({ type: "set" }, query(...others, el("conference", { jid: room, name, autojoin: "true" })));
}
