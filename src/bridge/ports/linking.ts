/** What the core and the linking page do for each other. */
import type { AccountRecord, ContactAddress, NetworkName, ResidentId } from "../model.ts";
import type { Secret } from "../secret.ts";
import type { LinkTicket } from "./store.ts";

/** The page's side: makes the one-time address that the bot hands out. */
export interface LinkDesk {
  /** A page for this resident; expires in ten minutes and works once. */
  issue(ticket: LinkTicket): Promise<{ url: string; minutes: number }>;
}

/** The core's side: what the page can ask for. */
export interface Linker {
  readonly networks: readonly { name: NetworkName; title: string }[];
  /**
   * Tries the credentials live and links the account to the resident; then its puppet signs in by itself.
   * @throws BridgeError `bad-address`, `bad-password`, `sign-in-failed` (with the stage), `already-linked`.
   */
  linkAccount(
    resident: ResidentId,
    request: { network: NetworkName; address: ContactAddress; spelling: string; password: Secret },
    onStage: (stage: string) => void,
    signal: AbortSignal,
  ): Promise<AccountRecord>;
}

/** Why the bridge is or is not ready to serve; `/ready` and the `check` verb print it. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}
