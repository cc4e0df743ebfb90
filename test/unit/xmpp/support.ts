import { pino } from "pino";
import type { ContactSnapshot } from "../../../src/bridge/model.ts";
import {
  type AccountRecord,
  accountId,
  parseContactAddress,
  parseNetworkName,
  residentId,
} from "../../../src/bridge/model.ts";
import { GhostJids } from "../../../src/xmpp/convert/ghost.ts";
import { parseBareJid, parseJid } from "../../../src/xmpp/jid.ts";
import { XMPP } from "../../../src/xmpp/name.ts";

export const silent = pino({ level: "silent" });
export const NET = parseNetworkName("msntest");
export const names = new GhostJids("msn.example.org", [NET]);
export const anna = residentId(XMPP, "anna@example.org");
export const annaJid = parseBareJid("anna@example.org");
export const annaPhone = parseJid("anna@example.org/phone");
export const gateway = names.gateway;
export const bob = names.jid({ network: NET, contact: parseContactAddress("bob@msn.test") });

export function account(name = "alice", owner = anna): AccountRecord {
  const address = parseContactAddress(`${name}@msn.test`);
  return {
    id: accountId(NET, address),
    network: NET,
    address,
    owners: [owner],
    spelling: address,
    machineGuid: "g",
    wishedAvailability: "automatic",
    halt: "none",
    linkedAt: 0,
  };
}

export function contact(name: string, change: Partial<ContactSnapshot> = {}): ContactSnapshot {
  return {
    address: parseContactAddress(`${name}@msn.test`),
    displayName: name,
    presence: { availability: "online", text: "" },
    listed: true,
    blocked: false,
    groups: [],
    ...change,
  };
}

/** A profile store in memory. */
export class Profiles {
  readonly residents = new Map<string, Record<string, string>>();
  ghost = async () => ({});
  updateGhost = async () => {};
  resident = async (resident: string) => ({ ...this.residents.get(resident) });
  updateResident = async (resident: string, fields: Readonly<Record<string, string>>) => {
    this.residents.set(resident, { ...this.residents.get(resident), ...fields });
  };
}
