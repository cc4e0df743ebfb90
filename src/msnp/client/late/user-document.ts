import { type MachineGuid, parseMachineGuid } from "../../address.ts";
import { type Capabilities, NO_CAPABILITIES, parseCapabilities } from "../../dialect/lines.ts";
import type { MsnStatus } from "../../dialect/status.ts";
import { child, childrenOf, escapeXml, parseXml, type XmlElement } from "../../soap/xml.ts";

/** What an account says of itself and of this place: content of PUT /user (source: msnp21 §4.1, §4.2). */
export interface UserState {
  readonly status: MsnStatus;
  readonly displayName: string;
  readonly personalMessage: string;
  /** `CurrentMedia` as on the wire; empty for none. */
  readonly media: string;
  /** `<msnobj .../>` of the picture; empty for none. */
  readonly picture: string;
  readonly endpointName: string;
  readonly machineGuid: MachineGuid;
  /** `a:b` for messages. */
  readonly capabilities: string;
  /** `a:b` for peer-to-peer. */
  readonly peerCapabilities: string;
  /** `client:version`. */
  readonly client: string;
}

/** Sections of the document; a change publishes those that changed, whole (source: msnp21 §4.1, T20). */
export type Section = "im" | "pe" | "endpoint-im" | "endpoint-pe" | "endpoint-pd";

const SECTIONS: Readonly<Record<Section, (state: UserState) => string>> = {
  im: ({ status, media }) => `<s n="IM">${element("Status", status)}${element("CurrentMedia", media)}</s>`,
  pe: (state) =>
    `<s n="PE">${element("UserTileLocation", state.picture)}${element("FriendlyName", state.displayName)}${element("PSM", state.personalMessage)}<RUM></RUM><DDP></DDP><ColorScheme>-3</ColorScheme><Scene></Scene><SignatureSound></SignatureSound><RLT>0</RLT>${element("MachineGuid", `{${state.machineGuid}}`)}</s>`,
  "endpoint-im": ({ capabilities }) => `<sep n="IM">${element("Capabilities", capabilities)}</sep>`,
  "endpoint-pe": ({ client, peerCapabilities }) =>
    `<sep n="PE">${element("VER", client)}<TYP>1</TYP>${element("Capabilities", peerCapabilities)}</sep>`,
  "endpoint-pd": ({ endpointName, status }) =>
    `<sep n="PD"><ClientType>1</ClientType>${element("EpName", endpointName)}${element("Idle", String(status === "IDL"))}${element("State", status)}</sep>`,
};
const ALL_SECTIONS: readonly Section[] = ["im", "pe", "endpoint-im", "endpoint-pe", "endpoint-pd"];

/** The whole document (T11), or some sections of it (T20). */
export function encodeUser(state: UserState, sections: readonly Section[] = ALL_SECTIONS): string {
  return `<user>${sections.map((section) => SECTIONS[section](state)).join("")}</user>`;
}

/** The sections in which two states differ, in the order of the document. */
export function changedSections(before: UserState, after: UserState): Section[] {
  return ALL_SECTIONS.filter((section) => SECTIONS[section](before) !== SECTIONS[section](after));
}

/** The body of DEL /user that signs another place of the account out (source: msnp21 §4.5, T40). */
export function encodeLeaving(endpoint: MachineGuid): string {
  return `<user><sep n="IM" epid="{${endpoint}}"/></user>`;
}

function element(name: string, text: string): string {
  // Quotes need no escape outside of attributes, and the official client wrote none.
  const escaped = escapeXml(text).replaceAll("&quot;", '"').replaceAll("&apos;", "'");
  return `<${name}>${escaped}</${name}>`;
}

/** One place of an account, as its `<sep>` elements tell; what is absent was not said. */
export interface EndpointNews {
  readonly id: MachineGuid;
  readonly capabilities?: Capabilities;
  readonly name?: string;
  readonly clientType?: string;
  readonly status?: string;
}

/** Content of NFY /user; what is absent keeps its value (source: msnp21 §4.4). */
export interface UserNews {
  /** Whether there is a section about messaging at all: in NFY DEL it means that the account is offline. */
  readonly hasMessaging: boolean;
  readonly status?: string;
  readonly media?: string;
  readonly displayName?: string;
  readonly personalMessage?: string;
  readonly picture?: string;
  readonly endpoints: readonly EndpointNews[];
}

const MAX_ENDPOINTS = 32;

/** Reads a document; one that is no XML says nothing. */
export function decodeUser(body: Buffer): UserNews {
  const root = readXml(body);
  const services = new Map(childrenOf(root, "s").map((item) => [item.attributes.n ?? "", item] as const));
  const im = services.get("IM");
  const pe = services.get("PE");
  return {
    hasMessaging: im !== undefined,
    ...said("status", im, "Status"),
    ...said("media", im, "CurrentMedia"),
    ...said("displayName", pe, "FriendlyName"),
    ...said("personalMessage", pe, "PSM"),
    ...said("picture", pe, "UserTileLocation"),
    endpoints: readEndpoints(childrenOf(root, "sep")),
  };
}

function readXml(body: Buffer): XmlElement | undefined {
  if (body.length === 0) return undefined;
  try {
    return parseXml(body, { maxSize: 256 * 1024 });
  } catch {
    return undefined;
  }
}

function said<K extends keyof UserNews>(key: K, section: XmlElement | undefined, name: string): Partial<UserNews> {
  const text = child(section, name)?.text;
  return text === undefined ? {} : { [key]: text.trim() };
}

function readEndpoints(elements: readonly XmlElement[]): EndpointNews[] {
  const found = new Map<MachineGuid, EndpointNews>();
  for (const section of elements) {
    const id = guidOf(section.attributes.epid);
    if (id === undefined || (!found.has(id) && found.size >= MAX_ENDPOINTS)) continue;
    found.set(id, { ...(found.get(id) ?? { id }), ...readEndpoint(section) });
  }
  return [...found.values()];
}

function readEndpoint(section: XmlElement): Omit<EndpointNews, "id"> {
  const text = (name: string): string | undefined => child(section, name)?.text.trim();
  switch (section.attributes.n) {
    case "IM": {
      const capabilities = text("Capabilities");
      return capabilities === undefined ? {} : { capabilities: parseCapabilities(capabilities) };
    }
    case "PD": {
      const [name, clientType, status] = [text("EpName"), text("ClientType"), text("State")];
      return {
        ...(name !== undefined && { name }),
        ...(clientType !== undefined && { clientType }),
        ...(status !== undefined && { status }),
      };
    }
    default:
      return {};
  }
}

function guidOf(text: string | undefined): MachineGuid | undefined {
  try {
    return parseMachineGuid(text ?? "");
  } catch {
    return undefined;
  }
}

/** What an account can do at any of its places (source: msnp21 §4.3). Bits are unsigned. */
export function unite(all: Iterable<Capabilities>): Capabilities {
  let { basic, extended } = NO_CAPABILITIES;
  for (const item of all) {
    basic = (basic | item.basic) >>> 0;
    extended = (extended | item.extended) >>> 0;
  }
  return { basic, extended };
}
