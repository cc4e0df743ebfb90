import { createHash } from "node:crypto";
import { NS, type Stanza, xml } from "./xmpp-stanza.ts";

const NODE = "urn:x-msnbridge:test-person";
const IDENTITY = { category: "client", type: "pc", name: "test person" };

/** What the test person says it can do; "+notify" asks for what contacts publish (XEP-0163). */
export const FEATURES: readonly string[] = [
  NS.attention,
  NS.caps,
  NS.chatStates,
  NS.correction,
  NS.data,
  NS.discoInfo,
  NS.markers,
  NS.muc,
  `${NS.nick}+notify`,
  NS.ping,
  NS.receipts,
  NS.tune,
  `${NS.tune}+notify`,
  "urn:xmpp:avatar:metadata+notify",
].toSorted();

/** The `<c/>` of its presence. Source: XEP-0115 §5.1. */
export function ownCaps(): Stanza {
  const { category, type, name } = IDENTITY;
  const told = [`${category}/${type}//${name}`, ...FEATURES].map((part) => `${part}<`).join("");
  const ver = createHash("sha1").update(told).digest("base64");
  return xml("c", { xmlns: NS.caps, hash: "sha-1", node: NODE, ver });
}

/** The answer to disco#info. */
export function ownInfo(node: string | undefined): Stanza {
  const features = FEATURES.map((feature) => xml("feature", { var: feature }));
  return xml("query", { xmlns: NS.discoInfo, node }, xml("identity", IDENTITY), features);
}
