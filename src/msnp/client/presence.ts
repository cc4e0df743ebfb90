import { type Email, parseAddress } from "../address.ts";
import { NO_CAPABILITIES, parsePresence, readAddress } from "../dialect/lines.ts";
import { type MsnStatus, parseStatus } from "../dialect/status.ts";
import type { Dialect } from "../dialect/types.ts";
import { xml } from "../soap/xml.ts";
import { type Command, decodeArg, encodeArg } from "../wire/command.ts";
import { type Core, type Live, updateSelf } from "./core.ts";
import { decodePersonalMessage, encodePersonalMessage } from "./personal-message.ts";
import type { PersonalMessage } from "./types.ts";

const DEFAULT_ENDPOINT_NAME = "msnbridge";

/** Shows the account to its contacts: endpoint data, status, personal message (source: msnp-core §3.8). */
export async function goVisible(core: Core, live: Live): Promise<void> {
  const { initialPresence, personalMessage } = core.options;
  if (live.dialect.endpoints) {
    publish(core, live, endpointData(live.dialect));
    publishPlace(core, live, initialPresence);
  }
  await changeStatus(core, live, initialPresence);
  // Personal messages last as long as the session, so each one begins by saying it.
  if (live.dialect.personalMessages) publish(core, live, encodePersonalMessage(personalMessage ?? { text: "" }));
}

/** Sends CHG and waits for its echo (source: msnp-core §6.2). */
export async function changeStatus(core: Core, live: Live, status: MsnStatus): Promise<void> {
  const { capabilities, presence } = live.dialect;
  const claims = presence.capabilities === "none" ? [] : [capabilities];
  await live.ns.request("CHG", [status, ...claims, ...(presence.object === "always" ? ["0"] : [])]);
  updateSelf(core, { status });
}

/** Changes the own name by the command that the dialect has for it (source: msnp-core §5.5). */
export async function changeDisplayName(core: Core, live: Live, name: string): Promise<void> {
  const { ns, dialect, handle } = live;
  if (dialect.displayNameBy === "REA") await ns.request("REA", [handle, encodeArg(name)]);
  else await ns.request("PRP", ["MFN", encodeArg(name)]);
  updateSelf(core, { displayName: name });
}

export async function changePersonalMessage(live: Live, message: PersonalMessage): Promise<void> {
  await live.ns.request("UUX", [], { payload: encodePersonalMessage(message) });
}

/** UUX during a sign-in: some servers do not answer it, and being visible does not depend on it. */
function publish(core: Core, live: Live, payload: string): void {
  live.ns.request("UUX", [], { payload }).catch((error: Error) => {
    core.options.trace?.("<<<", "NS", `UUX was not acknowledged: ${error.message}`);
  });
}

/** What this place can do (source: msnp-core §6.5). */
function endpointData(dialect: Dialect): string {
  return xml`<EndpointData><Capabilities>${dialect.capabilities}</Capabilities></EndpointData>`.source;
}

/** Tells the account's other places what this one is called and shows (source: msnp-core §6.5). */
export function publishPlace(core: Core, live: Live, status: MsnStatus): void {
  const name = core.options.endpointName ?? DEFAULT_ENDPOINT_NAME;
  const isIdle = status === "IDL";
  const data = xml`<PrivateEndpointData><EpName>${name}</EpName><Idle>${isIdle}</Idle><ClientType>1</ClientType><State>${status}</State></PrivateEndpointData>`;
  publish(core, live, data.source);
}

/** Takes a line about presence; false when it is none (source: msnp-core §6.3, §6.5). */
export function onPresence(core: Core, dialect: Dialect, command: Command): boolean {
  switch (command.name) {
    case "NLN":
    case "ILN":
      online(core, dialect, command);
      return true;
    case "FLN":
      offline(core, command);
      return true;
    case "UBX":
      personalMessage(core, dialect, command);
      return true;
    case "CHG":
      // Pushed by the server; the echo of our own is the answer to a request.
      updateSelf(core, { status: parseStatus(command.args[1] ?? "") });
      return true;
    default:
      return false;
  }
}

function online(core: Core, dialect: Dialect, command: Command): void {
  const line = parsePresence(dialect, command);
  // People seen through a circle are not contacts.
  if (line === undefined || line.address.via !== undefined) return;
  const { email, network } = line.address;
  if (email === core.self.email) {
    // What was set at another place of the account.
    const { status, displayName } = line;
    const isName = displayName !== undefined && displayName !== "" && displayName !== email;
    updateSelf(core, { status, ...(isName && { displayName }) });
    return;
  }
  const { status, capabilities, msnObject } = line;
  if (status === "FLN" || status === "HDN") {
    // Escargot tells changes of people who are hidden or away like those of others (source: msnp-core §9.3).
    if (!isKnown(core, email)) return;
    core.contacts.update(email, { ...GONE, ...(line.displayName && { displayName: line.displayName }) });
    return;
  }
  // Below MSNP16 no UBX comes with it, but what they said before they went is still so (source: msnp-core §6.3).
  const isBack = !dialect.endpoints && core.contacts.all.get(email)?.status === "FLN";
  core.contacts.update(email, {
    network,
    status,
    capabilities,
    ...(isBack && core.contacts.said.get(email)),
    ...(line.displayName !== undefined && { displayName: line.displayName || email }),
    ...(msnObject === undefined ? NO_OBJECT : { msnObject }),
  });
}

function offline(core: Core, command: Command): void {
  const address = parseAddress(decodeArg(command.args[0] ?? ""));
  if (address === undefined || address.via !== undefined || !isKnown(core, address.email)) return;
  core.contacts.update(address.email, GONE);
}

function personalMessage(core: Core, dialect: Dialect, command: Command): void {
  const found = readAddress(dialect, command.args.slice(0, -1), 0);
  if (found === undefined || found.address.via !== undefined || !isKnown(core, found.address.email)) return;
  const { email } = found.address;
  const { text, media } = decodePersonalMessage(command.payload ?? Buffer.alloc(0));
  const said = { personalMessage: text, media };
  core.contacts.said.set(email, said);
  // Who says something in hiding is offline all the same.
  if (core.contacts.all.get(email)?.status !== "FLN") core.contacts.update(email, said);
}

/** Offline and personal message of strangers, or of oneself, say nothing. */
function isKnown(core: Core, email: Email): boolean {
  return email !== core.self.email && core.contacts.all.has(email);
}

const NO_OBJECT = { msnObject: undefined };
const NO_MEDIA = { media: undefined };
const GONE = {
  status: "FLN",
  personalMessage: "",
  capabilities: NO_CAPABILITIES,
  ...NO_OBJECT,
  ...NO_MEDIA,
} as const;
