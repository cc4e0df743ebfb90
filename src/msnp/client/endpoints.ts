import { type MachineGuid, parseAddress, parseMachineGuid } from "../address.ts";
import { type Capabilities, NO_CAPABILITIES, parseCapabilities } from "../dialect/lines.ts";
import { isStatus } from "../dialect/status.ts";
import { MsnpError } from "../errors.ts";
import { child, childrenOf, parseXml, textAt, type XmlElement } from "../soap/xml.ts";
import { ServerError } from "../transport/error-codes.ts";
import { type Command, decodeArg } from "../wire/command.ts";
import type { Core, Live } from "./core.ts";
import type { MsnEndpoint } from "./types.ts";
import { readUserNotification, USER_NOTIFICATION } from "./user-notification.ts";

/** Places of one account that are remembered; servers allow few. */
const MAX_ENDPOINTS = 32;
/** What a place is told that has to go (source: msnp-core §6.7). */
const FAREWELL = "goawyplzthxbye";
const MAX_NAME = 256;

/** The places at which the account is signed in, this one among them. Below MSNP16 there is only this one. */
export interface Endpoints {
  /** By id. Replaced when it changes. */
  readonly list: ReadonlyMap<MachineGuid, MsnEndpoint>;
  /**
   * Signs another place out. Resolves when the server has passed it on. Rejects with MsnpError: `not-signed-in`,
   * `not-supported`, `no-such-endpoint`, also for this place itself, and what the server answers.
   */
  signOut(id: MachineGuid): Promise<void>;
}

/** What is told of a place; what is absent keeps its value. */
export interface EndpointPatch {
  readonly id: MachineGuid;
  readonly name?: string;
  readonly status?: string;
  readonly clientType?: string;
  readonly capabilities?: Capabilities;
}

/** How another place is told to go. */
export type Dismiss = (live: Live, id: MachineGuid) => Promise<void>;

/** Endpoints of a client. */
export class ClientEndpoints implements Endpoints {
  readonly #core: Core;
  readonly #dismiss: Dismiss;
  #others: ReadonlyMap<MachineGuid, MsnEndpoint> = new Map();
  #self: MsnEndpoint;

  constructor(core: Core, dismiss: Dismiss) {
    this.#core = core;
    this.#dismiss = dismiss;
    this.#self = this.#ownEntry();
  }

  get list(): ReadonlyMap<MachineGuid, MsnEndpoint> {
    return new Map([[this.#self.id, this.#self], ...this.#others]);
  }

  async signOut(id: MachineGuid): Promise<void> {
    const { live } = this.#core;
    if (live === undefined) throw new MsnpError("not-signed-in", "The account is not signed in");
    if (!live.dialect.endpoints) throw new MsnpError("not-supported", `${live.dialect.name} knows one place only`);
    if (!this.#others.has(id)) throw new MsnpError("no-such-endpoint", "The account is not signed in at that place");
    await this.#dismiss(live, id);
  }

  /** Nothing is known of other places any more. */
  clear(): void {
    this.#replace(this.#ownEntry(), new Map());
  }

  /** Takes what a UBX of the account itself lists, and notifications; true when this place is signed out by one. */
  onCommand(command: Command): boolean {
    if (command.name === "UBX") this.#onOwnMessage(command);
    return command.name === "UBN" && this.#onNotification(command);
  }

  /** Places as a document tells of them; `isWhole`: those that are not named are gone. */
  update(patches: readonly EndpointPatch[], isWhole: boolean): void {
    const others = new Map(isWhole ? [] : this.#others);
    let self = this.#self;
    for (const patch of patches.slice(0, MAX_ENDPOINTS)) {
      if (patch.id === self.id) self = patched(self, patch);
      else if (others.size < MAX_ENDPOINTS || others.has(patch.id)) {
        others.set(patch.id, patched(this.#others.get(patch.id) ?? newEndpoint(patch.id), patch));
      }
    }
    this.#replace(self, others);
  }

  remove(ids: readonly MachineGuid[]): void {
    this.#replace(this.#self, new Map([...this.#others].filter(([id]) => !ids.includes(id))));
  }

  #ownEntry(): MsnEndpoint {
    const { machineGuid, endpointName = "" } = this.#core.options;
    return { ...newEndpoint(machineGuid), name: endpointName, isSelf: true };
  }

  #onOwnMessage({ args, payload = Buffer.alloc(0) }: Command): void {
    const address = parseAddress(decodeArg(args[0] ?? ""));
    // The one right after the sign-in is empty, and lists nobody.
    if (address?.email !== this.#core.self.email || address.via !== undefined || payload.length === 0) return;
    const patches = readEndpoints(payload);
    if (patches !== undefined) this.update(patches, true);
  }

  #onNotification(command: Command): boolean {
    const notification = readUserNotification(command);
    if (notification === undefined) return false;
    const { from, type } = notification;
    const isLeave = type === USER_NOTIFICATION.signOut || type === USER_NOTIFICATION.signOutEverywhere;
    if (isLeave && from.email === this.#core.self.email) {
      this.#core.end({ kind: "elsewhere", detail: "Signed out by another place of the account" });
      return true;
    }
    this.#core.events.emit("userNotification", notification);
    return false;
  }

  #replace(self: MsnEndpoint, others: ReadonlyMap<MachineGuid, MsnEndpoint>): void {
    const before = [this.#self, ...this.#others.values()];
    const after = [self, ...others.values()];
    const isSame = after.length === before.length && after.every((place, i) => isSameEndpoint(place, before[i]));
    this.#self = self;
    this.#others = others;
    if (!isSame) this.#core.events.emit("endpointsChanged");
  }
}

/** UUN 4 to one place, MSNP16-18 (source: msnp-core §6.7). Rejects with MsnpError. */
export async function dismissByNotification({ ns, handle }: Live, id: MachineGuid): Promise<void> {
  try {
    await ns.request("UUN", [`${handle};{${id}}`, USER_NOTIFICATION.signOut], { payload: FAREWELL });
  } catch (error) {
    if (!(error instanceof ServerError) || error.kind !== "offline") throw error;
    throw new MsnpError("no-such-endpoint", "The account is not signed in at that place any more", { cause: error });
  }
}

/** The places in a UBX; undefined for one that cannot be read (source: msnp-core §6.5). */
export function readEndpoints(payload: Buffer): EndpointPatch[] | undefined {
  let root: XmlElement;
  try {
    root = parseXml(payload, { maxSize: 256 * 1024 });
  } catch {
    return undefined;
  }
  const found = new Map<MachineGuid, EndpointPatch>();
  const add = (element: XmlElement, more: Omit<EndpointPatch, "id">): void => {
    const id = guidOf(element.attributes.id ?? "");
    if (id !== undefined) found.set(id, { ...(found.get(id) ?? { id }), ...more });
  };
  for (const element of childrenOf(root, "EndpointData")) {
    add(element, { capabilities: parseCapabilities(textAt(element, "Capabilities")) });
  }
  for (const element of childrenOf(root, "PrivateEndpointData")) {
    add(element, {
      name: child(element, "EpName")?.text.trim() ?? "",
      ...optional("clientType", textAt(element, "ClientType")),
      ...optional("status", textAt(element, "State")),
    });
  }
  return [...found.values()];
}

function optional<K extends "clientType" | "status">(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

function guidOf(text: string): MachineGuid | undefined {
  try {
    return parseMachineGuid(text);
  } catch {
    return undefined;
  }
}

function newEndpoint(id: MachineGuid): MsnEndpoint {
  return { id, name: "", isSelf: false, capabilities: NO_CAPABILITIES };
}

function patched(before: MsnEndpoint, { name, status, clientType, capabilities }: EndpointPatch): MsnEndpoint {
  const code = status?.toUpperCase() ?? "";
  const type = Number(clientType);
  return {
    ...before,
    ...(name !== undefined && { name: name.slice(0, MAX_NAME).toWellFormed() }),
    ...(isStatus(code) && { status: code }),
    ...(Number.isInteger(type) && type > 0 && { clientType: type }),
    ...(capabilities !== undefined && { capabilities }),
  };
}

function isSameEndpoint(a: MsnEndpoint, b: MsnEndpoint | undefined): boolean {
  return (
    a.id === b?.id &&
    a.name === b.name &&
    a.status === b.status &&
    a.clientType === b.clientType &&
    a.capabilities.basic === b.capabilities.basic &&
    a.capabilities.extended === b.capabilities.extended
  );
}
