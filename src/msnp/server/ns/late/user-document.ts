import { isStatus, type MsnStatus } from "../../../dialect/status.ts";
import { child, childrenOf, parseXml, type XmlElement } from "../../../soap/xml.ts";
import { speaker } from "../../dialects/types.ts";
import { bareGuid, isUuid } from "../../ids.ts";
import type { Account } from "../../state/account.ts";
import type { Endpoint } from "../../state/session.ts";

/** Characters of markup become numeric references, as from the official server (source: msnp21 §4.4). */
function toXmlText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"']/g, (found) => `&#x${found.charCodeAt(0).toString(16).toUpperCase()};`)
    .replace(/[\p{Cc}\ufffe\uffff]/gu, (found) => (/[\t\r\n]/.test(found) ? found : "\ufffd"));
}

function element(name: string, text: string): string {
  return `<${name}>${toXmlText(text)}</${name}>`;
}

/** What one account looks like to one viewer, in pieces that can be compared (source: msnp21 §4.2). */
export interface Portrait {
  /** `<s n="IM">`. */
  readonly im: string;
  /** Elements of `<s n="PE">`, in order. */
  readonly pe: ReadonlyMap<string, string>;
  /** Endpoints by GUID: all their `<sep>`. */
  readonly endpoints: ReadonlyMap<string, string>;
}

/** How a contact sees an account. `status` is what they may see. */
export function portrait(subject: Account, status: MsnStatus): Portrait {
  const endpoints = new Map<string, string>();
  for (const { endpoint } of subject.sessions) {
    if (endpoint.guid !== undefined) endpoints.set(endpoint.guid, imSection(endpoint) + profileSection(endpoint));
  }
  return { im: imService(subject, status), pe: profile(subject), endpoints };
}

/** How an account sees itself from one of its endpoints: the other endpoints, with what is private to them. */
export function ownPortrait(account: Account, viewer: Endpoint): Portrait {
  const endpoints = new Map<string, string>();
  for (const { endpoint } of account.sessions) {
    if (endpoint.guid === undefined || endpoint === viewer) continue;
    endpoints.set(endpoint.guid, imSection(endpoint) + privateSection(endpoint));
  }
  return { im: imService(account, account.status), pe: profile(account), endpoints };
}

function imService({ currentMedia }: Account, status: MsnStatus): string {
  return `<s n="IM">${element("Status", status)}${element("CurrentMedia", currentMedia)}</s>`;
}

/** Everybody has the first three; of the rest only what was published. */
function profile(subject: Account): Map<string, string> {
  const endpoint = speaker(subject);
  const elements = new Map([
    ["UserTileLocation", endpoint?.msnObject ?? ""],
    ["FriendlyName", subject.name],
    ["PSM", subject.personalMessage],
  ]);
  const extras = [
    ["DDP", endpoint?.dynamicPicture],
    ["ColorScheme", endpoint?.colorScheme],
    ["Scene", endpoint?.scene],
    ["SignatureSound", endpoint?.signatureSound],
  ] as const;
  for (const [name, text] of extras) if (text !== undefined && text !== "") elements.set(name, text);
  return elements;
}

function section(service: string, guid: string | undefined, inside: string): string {
  const id = guid === undefined ? "" : ` epid="{${guid}}"`;
  return inside === "" ? `<sep n="${service}"${id}/>` : `<sep n="${service}"${id}>${inside}</sep>`;
}

/** Services that only tell which endpoint they are of (source: msnp21 §4.4). */
export function emptySections(guid: string, services: readonly string[]): string {
  return services.map((service) => section(service, guid, "")).join("");
}

export function imSection({ guid, capabilities, extendedCapabilities }: Endpoint): string {
  return section("IM", guid, element("Capabilities", `${capabilities}:${extendedCapabilities}`));
}

/** Only late clients tell their program. */
function profileSection({ guid, program }: Endpoint): string {
  if (program === undefined) return "";
  const { version, type, capabilities } = program;
  return section("PE", guid, element("VER", version) + element("TYP", type) + element("Capabilities", capabilities));
}

function privateSection({ guid, clientType, name, idle, state }: Endpoint): string {
  const inside =
    element("ClientType", clientType ?? "1") +
    element("EpName", name ?? "") +
    element("Idle", String(idle ?? false)) +
    element("State", state ?? "NLN");
  return section("PD", guid, inside);
}

/** The whole document of a person. */
export function fullDocument({ im, pe, endpoints }: Portrait): string {
  return document(im + profileService(pe) + [...endpoints.values()].join(""));
}

/** What has changed between two looks; undefined when nothing has. Absent parts keep their value (source: msnp21 §4.4). */
export function changedDocument(before: Portrait, now: Portrait): string | undefined {
  const im = before.im === now.im ? "" : now.im;
  const names = new Set([...before.pe.keys(), ...now.pe.keys()]);
  const changed = [...names].filter((name) => before.pe.get(name) !== now.pe.get(name));
  const pe = new Map(now.pe);
  for (const name of names) {
    if (name !== "FriendlyName" && !changed.includes(name)) pe.delete(name);
    // An empty element takes back what was there.
    else if (!pe.has(name)) pe.set(name, "");
  }
  const endpoints = [...now.endpoints].filter(([guid, text]) => before.endpoints.get(guid) !== text);
  const inside = im + (changed.length > 0 ? profileService(pe) : "") + endpoints.map(([, text]) => text).join("");
  return inside === "" ? undefined : document(inside);
}

function profileService(elements: ReadonlyMap<string, string>): string {
  return `<s n="PE">${[...elements].map(([name, text]) => element(name, text)).join("")}</s>`;
}

export function document(inside: string): string {
  return `<user>${inside}</user>`;
}

/** A publication, or the list of endpoints to sign out (source: msnp21 §4.1, §4.5). Throws XmlError. */
export function readUserDocument(body: Buffer): { services: Services; sections: Services; endpoints: string[] } {
  const root = parseXml(body);
  const sections = childrenOf(root, "sep");
  const endpoints = sections
    .map((element) => element.attributes.epid)
    .filter((guid) => guid !== undefined && isUuid(guid))
    .map((guid) => bareGuid(guid ?? ""));
  return { services: byService(childrenOf(root, "s")), sections: byService(sections), endpoints };
}

type Services = ReadonlyMap<string, XmlElement>;

function byService(elements: readonly XmlElement[]): Services {
  return new Map(elements.map((element) => [element.attributes.n ?? "", element]));
}

/** Takes over what was published of the account; absent parts stay. False when the status is none to be published. */
export function publishAccount(account: Account, endpoint: Endpoint, services: Services): boolean {
  const [im, pe] = [services.get("IM"), services.get("PE")];
  const status = child(im, "Status")?.text.trim();
  if (status !== undefined && (!isStatus(status) || status === "FLN")) return false;
  if (status !== undefined && isStatus(status)) account.status = status;
  const text = (name: string, use: (value: string) => void): void => {
    const value = child(pe, name)?.text;
    if (value !== undefined) use(value);
  };
  account.currentMedia = child(im, "CurrentMedia")?.text ?? account.currentMedia;
  text("FriendlyName", (name) => {
    if (name !== "") account.displayName = name;
  });
  text("PSM", (message) => {
    account.personalMessage = message;
  });
  // What belongs to the account is told by the endpoint that speaks for it, which may be another one.
  for (const each of new Set([endpoint, speaker(account) ?? endpoint])) publishLooks(each, text);
  text("MachineGuid", (guid) => {
    if (guid !== "") endpoint.machineGuid = guid;
  });
  return true;
}

function publishLooks(endpoint: Endpoint, text: (name: string, use: (value: string) => void) => void): void {
  text("UserTileLocation", (object) => {
    if (object === "" || object === "0") delete endpoint.msnObject;
    else endpoint.msnObject = object;
  });
  const keep = (name: string, key: "dynamicPicture" | "colorScheme" | "scene" | "signatureSound"): void =>
    text(name, (value) => {
      endpoint[key] = value;
    });
  keep("DDP", "dynamicPicture");
  keep("ColorScheme", "colorScheme");
  keep("Scene", "scene");
  keep("SignatureSound", "signatureSound");
}

/** Takes over what was published of one endpoint. */
export function publishEndpoint(endpoint: Endpoint, sections: Services): void {
  const capabilities = /^(\d{1,10}):(\d{1,10})$/.exec(child(sections.get("IM"), "Capabilities")?.text.trim() ?? "");
  const [, basic, extended] = capabilities ?? [];
  if (basic !== undefined && extended !== undefined) {
    endpoint.capabilities = basic;
    endpoint.extendedCapabilities = extended;
  }
  const program = sections.get("PE");
  if (program !== undefined) {
    const before = endpoint.program;
    endpoint.program = {
      version: child(program, "VER")?.text ?? before?.version ?? "",
      type: child(program, "TYP")?.text ?? before?.type ?? "1",
      capabilities: child(program, "Capabilities")?.text ?? before?.capabilities ?? "0:0",
    };
  }
  publishPrivate(endpoint, sections.get("PD"));
}

function publishPrivate(endpoint: Endpoint, section: XmlElement | undefined): void {
  const text = (name: string): string | undefined => child(section, name)?.text;
  endpoint.name = text("EpName") ?? endpoint.name ?? "";
  endpoint.clientType = text("ClientType") ?? endpoint.clientType ?? "1";
  const [idle, state] = [text("Idle"), text("State")];
  if (idle !== undefined) endpoint.idle = idle === "true";
  if (state !== undefined && isStatus(state)) endpoint.state = state;
}
