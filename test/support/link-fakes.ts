/** What the link page talks to, for tests of the page alone: tickets in memory, and a linker that does as it is told. */
import { createHash } from "node:crypto";
import { BridgeError } from "../../src/bridge/errors.ts";
import {
  type AccountRecord,
  accountId,
  type NetworkName,
  parseHomeName,
  parseNetworkName,
  residentId,
} from "../../src/bridge/model.ts";
import type { Linker } from "../../src/bridge/ports/linking.ts";
import type { LinkTicket, LinkTicketStore } from "../../src/bridge/ports/store.ts";

export const ALICE = residentId(parseHomeName("matrix"), "@alice:example.org");

export interface MemoryTickets extends LinkTicketStore {
  /** Lets every ticket run out now. */
  expireAll(): void;
  readonly live: number;
}

export function memoryTickets(): MemoryTickets {
  const kept = new Map<string, { ticket: LinkTicket; until: number; tries: number }>();
  const key = (token: { open(): string }): string => createHash("sha256").update(token.open()).digest("hex");
  const find = (token: { open(): string }) => {
    const row = kept.get(key(token));
    return row !== undefined && row.until > Date.now() ? row : undefined;
  };
  return {
    async issueTicket(token, ticket, ttlMs) {
      kept.set(key(token), { ticket, until: Date.now() + ttlMs, tries: 0 });
    },
    async peekTicket(token) {
      return find(token)?.ticket;
    },
    async tryTicket(token) {
      const row = find(token);
      if (row === undefined) return undefined;
      row.tries++;
      return row.tries;
    },
    async consumeTicket(token) {
      return find(token) !== undefined && kept.delete(key(token));
    },
    expireAll() {
      for (const row of kept.values()) row.until = 0;
    },
    get live() {
      return kept.size;
    },
  };
}

export interface ScriptedLinker extends Linker {
  /** Address and plain password of each try, oldest first. */
  readonly tried: { network: NetworkName; address: string; spelling: string; password: string }[];
  /** What the next tries do once their stages have passed; "hold" waits for {@link release}. */
  behaviour: "check" | "unreachable" | "hold";
  release(): void;
}

/** Accepts `right-horse` as the password; everything else is refused after the stages connect, version, ticket. */
export function scriptedLinker(titles: Readonly<Record<string, string>> = { escargot: "Escargot" }): ScriptedLinker {
  let released = (): void => {};
  const linker: ScriptedLinker = {
    networks: Object.entries(titles).map(([name, title]) => ({ name: parseNetworkName(name), title })),
    tried: [],
    behaviour: "check",
    release: () => released(),
    async linkAccount(resident, request, onStage, signal): Promise<AccountRecord> {
      const network = titles[request.network] ?? request.network;
      linker.tried.push({ ...request, password: request.password.open() });
      onStage("connect");
      if (linker.behaviour === "unreachable") {
        throw new BridgeError("sign-in-failed", { network, stage: "connect", detail: "connection refused" });
      }
      onStage("version");
      onStage("ticket");
      if (linker.behaviour === "hold") {
        await new Promise<void>((resolve, reject) => {
          released = resolve;
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        });
      }
      if (request.password.open() !== "right-horse") {
        throw new BridgeError("bad-password", { network, address: request.address });
      }
      onStage("lists");
      return {
        id: accountId(request.network, request.address),
        network: request.network,
        address: request.address,
        owners: [resident],
        spelling: request.spelling,
        machineGuid: "{00000000-0000-0000-0000-000000000001}",
        wishedAvailability: "automatic",
        halt: "none",
        linkedAt: Date.now(),
      };
    },
  };
  return linker;
}
