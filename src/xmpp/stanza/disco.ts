/** Service discovery (XEP-0030) and entity capabilities (XEP-0115). Pure. */
import { createHash } from "node:crypto";
import { el, NS, type XmlElement } from "./xml.ts";

export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name: string;
}

export interface Info {
  readonly identities: readonly Identity[];
  readonly features: readonly string[];
}

/** Where the software is at home; clients only compare it. */
const NODE = "https://msnbridge.invalid/xmpp";

/** A gateway (XEP-0100), on whose domain the rooms of group chats are, too (XEP-0045 §6.1). */
export function gatewayInfo(name: string): Info {
  return {
    identities: [
      { category: "gateway", type: "msn", name },
      { category: "conference", type: "text", name: `${name} group chats` },
    ],
    features: [
      NS.blocking,
      NS.caps,
      NS.chatStates,
      NS.commands,
      NS.discoInfo,
      NS.discoItems,
      NS.gateway,
      NS.last,
      "http://jabber.org/protocol/muc",
      NS.nick,
      NS.oob,
      NS.ping,
      NS.receipts,
      NS.register,
      NS.sid,
      NS.time,
      `${NS.tune}+notify`,
      NS.vcard,
      NS.vcard4,
      NS.version,
    ],
  };
}

export function ghostInfo(name: string): Info {
  return {
    identities: [{ category: "client", type: "pc", name }],
    features: [
      NS.attention,
      NS.caps,
      NS.chatStates,
      NS.correct,
      NS.discoInfo,
      NS.nick,
      NS.ping,
      NS.reactions,
      NS.receipts,
      NS.reply,
      NS.retract,
      NS.sid,
      NS.styling,
      NS.vcard,
      NS.vcard4,
      NS.version,
      NS.xhtmlIm,
    ],
  };
}

/** A ghost asked by its bare JID is an account, on whose nodes things stand to be read (XEP-0163 §6). */
export function ghostAccountInfo(name: string): Info {
  const { identities, features } = ghostInfo(name);
  const account = [
    { category: "account", type: "registered", name },
    { category: "pubsub", type: "pep", name },
  ];
  return { identities: [...account, ...identities], features: [...features, NS.pubsub, `${NS.pubsub}#retrieve-items`] };
}

/** Answer to disco#info; `node` as it was asked. */
export function infoQuery({ identities, features }: Info, node?: string): XmlElement {
  return el(
    "query",
    { xmlns: NS.discoInfo, node },
    identities.map(({ category, type, name }) => el("identity", { category, type, name })),
    features.map((feature) => el("feature", { var: feature })),
  );
}

/** XEP-0115 §5.1. */
export function capsHash({ identities, features }: Info): string {
  const told = identities.map(({ category, type, name }) => `${category}/${type}//${name}`);
  const text = [...told.sort(), ...[...features].sort()].map((part) => `${part}<`).join("");
  return createHash("sha1").update(text).digest("base64");
}

/** What goes with presence. */
export function capsElement(info: Info): XmlElement {
  return el("c", { xmlns: NS.caps, hash: "sha-1", node: NODE, ver: capsHash(info) });
}

/** Whether a query asks for what {@link capsElement} announced. */
export function isCapsNode(node: string | undefined, info: Info): boolean {
  return node === undefined || node === `${NODE}#${capsHash(info)}`;
}
