import { Resolver } from "node:dns/promises";
import { type BareJid, domainOf, type Jid } from "../jid.ts";

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_PORTS = { starttls: 5222, direct: 5223 } as const;
const SERVICES = { starttls: "_xmpp-client._tcp", direct: "_xmpps-client._tcp" } as const;

/** Without an answer by then, the name itself is tried. */
const DNS = { timeout: 2000, tries: 2 };

/**
 * Where the server of an account takes clients in: where it is said, else where DNS says (RFC 6120 §3.2, XEP-0368 §2), else
 * under its own name. Asked anew for each try: who answers may change.
 */
export async function findServer(
  account: {
    readonly jid: BareJid;
    readonly host?: string;
    readonly port?: number;
    readonly tls: "starttls" | "direct";
  },
  lookUp: (name: string) => Promise<readonly SrvRecord[]> = (name) => new Resolver(DNS).resolveSrv(name),
  random: () => number = Math.random,
): Promise<Place> {
  const port = account.port ?? DEFAULT_PORTS[account.tls];
  if (account.host !== undefined) return { host: account.host, port };
  const domain = domainOf(account.jid as string as Jid);
  // No such record, or no DNS at all: the name itself is tried, and its failure is what is told.
  const records = await lookUp(`${SERVICES[account.tls]}.${domain}`).catch(() => []);
  const found = choose(
    records.filter(({ name }) => name !== "" && name !== "."),
    random,
  );
  return found === undefined ? { host: domain, port } : { host: found.name, port: account.port ?? found.port };
}

/** Of those that come first, one at random, as often as its weight says (RFC 2782). */
function choose(records: readonly SrvRecord[], random: () => number): SrvRecord | undefined {
  const best = Math.min(...records.map(({ priority }) => priority));
  const first = records.filter(({ priority }) => priority === best);
  let left = random() * first.reduce((sum, { weight }) => sum + weight, 0);
  for (const record of first) {
    left -= record.weight;
    if (left <= 0) return record;
  }
  return first[0];
}
