import { isStatus } from "../../dialect/status.ts";
import { child, parseXml, type XmlElement } from "../../soap/xml.ts";
import type { Request } from "../connection.ts";
import type { CapabilityForm } from "../dialects/index.ts";
import { objectArg } from "../line.ts";
import type { Endpoint } from "../state/session.ts";
import { argument, payloadOf } from "./args.ts";
import type { SessionCommand } from "./front.ts";
import type { NsSession } from "./session.ts";

/** Status, personal message and endpoint data (source: msnp-core §6). */
export const PRESENCE_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  CHG: changeStatus,
  UUX: changeInfo,
};

function changeStatus(session: NsSession, request: Request): void {
  const [trid, status] = [argument(request, 0), argument(request, 1)];
  const { account, endpoint, dialect, hub } = session;
  if (!isStatus(status)) {
    session.connection.close();
    return;
  }
  if (status === "FLN") {
    session.send(201, trid);
    return;
  }
  const given = dialect.capabilities === "none" ? request.args[2] : argument(request, 2);
  const capabilities = readCapabilities(given, dialect.capabilities);
  const object = request.args[3];
  const before = account.status;
  const changed = setEndpoint(endpoint, capabilities, object === given ? undefined : object);
  account.status = status;
  const speaks = account.sessions[0] === session;
  const objectIsNews = hub.quirks.tellsNewObjects && changed && speaks;
  if (before !== status || objectIsNews) hub.presence.contacts(account, before, { status: true, info: false });
  session.send("CHG", trid, status, given, dialect.objects && object !== undefined ? objectArg(object) : undefined);
  session.startPresence(trid);
  if (dialect.syncsOwnPresence) hub.presence.self(account);
}

/** Throws when they are no numbers: such a CHG gets no answer (source: msnp-core §6.2). */
function readCapabilities(text: string | undefined, form: CapabilityForm): [basic: string, extended: string] {
  if (form === "none") return ["0", "0"];
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text ?? "");
  const [, basic, extended] = match ?? [];
  if (basic === undefined || (extended !== undefined && form !== "pair"))
    throw new Error("capabilities must be numbers");
  return [basic, extended ?? "0"];
}

/** True when something that others see has changed. */
function setEndpoint(endpoint: Endpoint, [basic, extended]: [string, string], object: string | undefined): boolean {
  const changed =
    endpoint.capabilities !== basic || endpoint.extendedCapabilities !== extended || endpoint.msnObject !== object;
  endpoint.capabilities = basic;
  endpoint.extendedCapabilities = extended;
  if (object === undefined) delete endpoint.msnObject;
  else endpoint.msnObject = object;
  return changed;
}

function changeInfo(session: NsSession, request: Request): void {
  const trid = argument(request, 0);
  const { account, endpoint, hub, dialect } = session;
  const payload = payloadOf(request);
  const root = payload.length === 0 ? undefined : parseXml(payload);
  const state = text(root, "State");
  if (state !== undefined && state !== "" && !isStatus(state)) {
    session.connection.close();
    return;
  }
  const capabilities = endpointCapabilities(root, hub.quirks.keepsEndpointData);
  if (capabilities !== undefined) [endpoint.capabilities, endpoint.extendedCapabilities] = capabilities;
  if (root === undefined) {
    account.personalMessage = "";
    account.currentMedia = "";
  }
  account.personalMessage = text(root, "PSM") ?? account.personalMessage;
  account.currentMedia = text(root, "CurrentMedia") ?? account.currentMedia;
  describeEndpoint(endpoint, root);
  if (state !== undefined && isStatus(state)) endpoint.state = state;
  if (account.status !== "FLN") {
    hub.presence.contacts(account, account.status, { status: false, info: true });
    if (dialect.syncsOwnPresence) hub.presence.self(account);
  }
  session.send("UUX", trid, 0);
}

/** Escargot finds them only inside of another element (source: msnp-core §6.5). Throws when they are no numbers. */
function endpointCapabilities(root: XmlElement | undefined, ownRoot: boolean): [string, string] | undefined {
  const data = ownRoot && root?.name === "EndpointData" ? root : child(root, "EndpointData");
  const given = text(data, "Capabilities");
  return given === undefined ? undefined : readCapabilities(given.trim(), "pair");
}

function text(root: XmlElement | undefined, name: string): string | undefined {
  return child(root, name)?.text;
}

/** What the client told about this endpoint; what it left out stays as it was. */
function describeEndpoint(endpoint: Endpoint, root: XmlElement | undefined): void {
  const machineGuid = text(root, "MachineGuid");
  if (machineGuid !== undefined && machineGuid !== "") endpoint.machineGuid = machineGuid;
  endpoint.name = text(root, "EpName") ?? endpoint.name ?? "";
  endpoint.clientType = text(root, "ClientType") ?? endpoint.clientType ?? "";
  endpoint.signatureSound = text(root, "SignatureSound") ?? endpoint.signatureSound ?? "";
  endpoint.dynamicPicture = text(root, "DDP") ?? endpoint.dynamicPicture ?? "";
  endpoint.scene = text(root, "Scene") ?? endpoint.scene ?? "";
  endpoint.colorScheme = text(root, "ColorScheme") ?? endpoint.colorScheme ?? "";
  const idle = text(root, "Idle");
  if (idle !== undefined) endpoint.idle = idle === "true";
}
