/** Conferences by what people call them. */
import { BridgeError } from "../../../bridge/errors.ts";
import { Secret } from "../../../bridge/secret.ts";
import { type BareJid, bare, jidParts, readJid } from "../../jid.ts";
import { StanzaRefusal } from "../../link/requests.ts";
import { asJid } from "../../muc/room-words.ts";
import type { RoomLink } from "../../muc/types.ts";
import { el, elements, NS } from "../../stanza/xml.ts";

const MUC = "http://jabber.org/protocol/muc";
const ASK_MS = 15_000;

/** The room's address in what somebody has typed: a JID, or an `xmpp:` address (RFC 5122). Pure. */
export function roomAddress(text: string): BareJid | undefined {
  const [, scheme, address = ""] = /^(xmpp:(?:\/\/[^/]*\/)?)?([^?]*)/i.exec(text.trim()) ?? [];
  const jid = readJid(scheme === undefined ? address : unescaped(address));
  if (jid === undefined || jidParts(jid).node === undefined || jidParts(jid).resource !== undefined) return undefined;
  return bare(jid);
}

/** The password in an `xmpp:` address (XEP-0147 §8.1: `?join;password=…`). Pure. */
export function roomPassword(text: string): Secret | undefined {
  const [, query = ""] = /^xmpp:[^?]*\?([^#]*)/i.exec(text.trim()) ?? [];
  const pair = query.split(";").find((one) => /^password=/i.test(one));
  const password = pair === undefined ? undefined : unescaped(pair.slice(pair.indexOf("=") + 1));
  return password === undefined || password === "" ? undefined : new Secret(password);
}

/** An address as it may be shown: without what is behind it, such as a password. Pure. */
export function withoutQuery(text: string): string {
  return text.replace(/\?.*$/s, "").slice(0, 100);
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that there is such a room (XEP-0045 §6.4): entering one that is not there would make it.
 * @throws BridgeError `room-unknown`, `home-down`.
 */
export async function expectRoom(link: Pick<RoomLink, "request">, room: BareJid): Promise<void> {
  const unknown = (detail: string): BridgeError => new BridgeError("room-unknown", { detail });
  try {
    const answer = await link.request({ to: asJid(room), type: "get" }, el("query", { xmlns: NS.discoInfo }), ASK_MS);
    const about = elements(answer.getChild("query", NS.discoInfo));
    const isRoom = about.some(({ attrs }) => attrs.category === "conference");
    if (!isRoom || !about.some(({ attrs }) => attrs.var === MUC)) throw unknown(`${room} is no conference`);
  } catch (error) {
    if (!(error instanceof StanzaRefusal)) throw error;
    // Some rooms tell nothing to those outside; they are there all the same.
    if (["forbidden", "not-allowed", "not-authorized", "registration-required"].includes(error.condition)) return;
    if (error.condition === "remote-server-timeout" || error.condition === "internal-server-error")
      throw new BridgeError("home-down", { detail: `${room}: ${error.message}` });
    throw unknown(`there is no conference ${room}`);
  }
}

/** Whether everybody who may speak there may change the subject (XEP-0045 §6.4). @throws BridgeError `home-down`. */
export async function opensSubject(link: Pick<RoomLink, "request">, room: BareJid): Promise<boolean> {
  try {
    const answer = await link.request({ to: asJid(room), type: "get" }, el("query", { xmlns: NS.discoInfo }), ASK_MS);
    const fields = answer.getChild("query", NS.discoInfo)?.getChild("x", NS.data)?.getChildren("field") ?? [];
    const field = fields.find(({ attrs }) => /^muc#room(?:info|config)_changesubject$/.test(attrs.var ?? ""));
    return ["1", "true"].includes(field?.getChildText("value") ?? "");
  } catch (error) {
    if (error instanceof StanzaRefusal) return false;
    throw error;
  }
}
