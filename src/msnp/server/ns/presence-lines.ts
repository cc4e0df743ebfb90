import { type ServerDialect, speaker, writeCapabilities } from "../dialects/index.ts";
import { type LineArg, objectArg } from "../line.ts";
import type { Account } from "../state/account.ts";
import type { Endpoint, LiveSession } from "../state/session.ts";

const NOBODY: Endpoint = { capabilities: "0", extendedCapabilities: "0" };

/** NLN or ILN as a viewer of this dialect reads it (source: msnp-core §6.3). */
export function statusLine(dialect: ServerDialect, viewer: Account, subject: Account, trid?: string): LineArg[] {
  const endpoint = speaker(subject) ?? NOBODY;
  const head: LineArg[] = trid !== undefined && dialect.initialPresence === "ILN" ? ["ILN", trid] : ["NLN"];
  return [
    ...head,
    subject.shownTo(viewer),
    ...dialect.address(subject.email),
    subject.displayName,
    writeCapabilities(dialect.capabilities, endpoint),
    dialect.objects ? objectArg(endpoint.msnObject) : undefined,
  ];
}

export function offlineLine(dialect: ServerDialect, subject: Account): LineArg[] {
  return ["FLN", ...dialect.address(subject.email), ...dialect.offlineTail];
}

/** The arguments and payload of UBX (source: msnp-core §6.5). */
export function personalMessageLine(
  dialect: ServerDialect,
  viewer: Account,
  subject: Account,
): { head: LineArg[]; payload: string } {
  const { escapeXml } = dialect;
  const endpoint = speaker(subject) ?? NOBODY;
  let tail = dialect.ubxTail(endpoint);
  if (dialect.endpoints) {
    tail += subject.sessions.map(publicEndpoint).join("");
    if (viewer === subject) tail += subject.sessions.map((session) => privateEndpoint(session, escapeXml)).join("");
  }
  return {
    head: ["UBX", ...dialect.address(subject.email)],
    payload:
      `<Data><PSM>${escapeXml(subject.personalMessage)}</PSM>` +
      `<CurrentMedia>${escapeXml(subject.currentMedia)}</CurrentMedia>${tail}</Data>`,
  };
}

function publicEndpoint({ endpoint }: LiveSession): string {
  if (endpoint.guid === undefined) return "";
  const capabilities = writeCapabilities("pair", endpoint);
  return `<EndpointData id="{${endpoint.guid}}"><Capabilities>${capabilities}</Capabilities></EndpointData>`;
}

function privateEndpoint({ endpoint }: LiveSession, escapeXml: (text: string) => string): string {
  if (endpoint.guid === undefined) return "";
  const part = (name: string, text: string | undefined): string =>
    text === undefined || text === "" ? "" : `<${name}>${escapeXml(text)}</${name}>`;
  const inside =
    part("EpName", endpoint.name) +
    // Only true is told: Escargot drops `false` (source: msnp-core §6.5).
    part("Idle", endpoint.idle === true ? "true" : undefined) +
    part("ClientType", endpoint.clientType) +
    part("State", endpoint.state);
  return `<PrivateEndpointData id="{${endpoint.guid}}">${inside}</PrivateEndpointData>`;
}
