/** Privileged entity (XEP-0356), in the two versions that servers speak (source: stack C3). Pure. */
import type { BareJid, Jid } from "../jid.ts";
import { el, elements, NS, type XmlElement } from "./xml.ts";

/** What a server lets the component do for its people. */
export interface Grants {
  /** The version that the server spoke. */
  readonly namespace: (typeof NS.privilege)[number];
  readonly roster: "none" | "get" | "set" | "both";
  readonly message: "none" | "outgoing";
  readonly presence: "none" | "managed_entity" | "roster";
  /** Namespaces in which it may ask in people's names. */
  readonly iq: ReadonlyMap<string, string>;
}

/** Any server may announce what it likes: so much of it is kept. */
const NAMESPACES = 100;
const LONGEST_NAMESPACE = 200;
const ACCESS: ReadonlySet<string | undefined> = new Set(["get", "set", "both"]);

/** What a server announces when the component connects; `undefined`: the message is not about that. */
export function readGrants(message: XmlElement): Grants | undefined {
  const found = NS.privilege.map((namespace) => message.getChild("privilege", namespace)).find((one) => one);
  if (!found) return undefined;
  const permissions = elements(found).filter((child) => child.getName() === "perm");
  if (permissions.length === 0) return undefined;
  const of = (access: string): string =>
    permissions.find((permission) => permission.attrs.access === access)?.attrs.type ?? "none";
  const one = <T extends string>(access: string, known: readonly T[], none: T): T =>
    known.find((type) => type === of(access)) ?? none;
  const iq = permissions
    .filter((permission) => permission.attrs.access === "iq")
    .flatMap(namespacesIn)
    .filter(({ attrs: { ns, type } }) => ns !== undefined && ns.length <= LONGEST_NAMESPACE && ACCESS.has(type))
    .slice(0, NAMESPACES);
  return {
    namespace: found.getNS() === NS.privilege[1] ? NS.privilege[1] : NS.privilege[0],
    roster: one("roster", ["get", "set", "both"], "none"),
    message: one("message", ["outgoing"], "none"),
    presence: one("presence", ["managed_entity", "roster"], "none"),
    iq: new Map(iq.map(({ attrs }) => [attrs.ns ?? "", attrs.type ?? "none"])),
  };
}

/** Prosody's mod_privilege forgets to close them, so that each stands within the one before it. */
function namespacesIn(of: XmlElement): XmlElement[] {
  return elements(of).flatMap((child) => [child, ...namespacesIn(child)]);
}

/** Whether something may be asked, or also set, in people's names. */
export function mayAsk(grants: Grants | undefined, type: "get" | "set", namespace: string): grants is Grants {
  const granted = grants?.iq.get(namespace);
  return granted === "both" || granted === type;
}

/** A request in a person's name, as the child of one to that person. Version 2 alone has them. */
export function asPersonAsks(type: "get" | "set", id: string, child: XmlElement): XmlElement {
  const inner = el("iq", { xmlns: NS.client, type, id }, child);
  return el("privileged_iq", { xmlns: NS.privilege[0] }, inner);
}

/** What the person would have been answered. */
export function answerToPerson(iq: XmlElement): XmlElement | undefined {
  return iq.getChild("privilege", NS.privilege[0])?.getChild("forwarded", NS.forward)?.getChild("iq");
}

export const maySetRoster = (grants: Grants | undefined): grants is Grants =>
  grants?.roster === "set" || grants?.roster === "both";

/** A message in a person's name, wrapped for their server. */
export function asPerson(
  o: { from: BareJid; server: Jid | BareJid; grants: Grants; id: string },
  message: XmlElement,
): XmlElement {
  const forwarded = el("forwarded", { xmlns: NS.forward }, message);
  return el(
    "message",
    { from: o.from, to: o.server, id: o.id },
    el("privilege", { xmlns: o.grants.namespace }, forwarded),
  );
}
