import type { ServerDialect } from "./dialects/index.ts";
import type { Faults } from "./faults.ts";
import type { Gatherings } from "./ns/late/gatherings.ts";
import type { NsSession } from "./ns/session.ts";
import type { NetworkLimits, Quirks } from "./options.ts";
import type { PresenceFanOut } from "./presence.ts";
import type { Board } from "./sb/board.ts";
import type { Account } from "./state/account.ts";
import type { Circles } from "./state/circles.ts";
import type { Directory } from "./state/directory.ts";
import type { TemporaryGroups } from "./state/groups.ts";
import type { OfflineStore } from "./state/offline.ts";
import type { ProfileStore } from "./state/profiles.ts";
import type { TokenStore } from "./state/tokens.ts";

/** Proof of a password, issued by a login service (source: msnp-core §3.3, §3.6). */
export interface Ticket {
  readonly account: Account;
  /** The base64 key of the SSO proof; absent in tickets of the older login. */
  readonly secret?: string;
}

/** Entry to a switchboard: to a new board, or to the board one was called to. */
export interface Cookie {
  readonly session: NsSession;
  readonly board?: Board;
}

/** What the servers of one network share. */
export interface Hub {
  readonly directory: Directory;
  readonly tickets: TokenStore<Ticket>;
  readonly cookies: TokenStore<Cookie>;
  /** Signed-in sessions by the ticket they signed in with; web services find their caller by it (source: msnp-core §9.1). */
  readonly sessionsByTicket: Map<string, NsSession>;
  readonly boards: Map<string, Board>;
  readonly circles: Circles;
  /** Who is in which circle now. */
  readonly gatherings: Gatherings;
  readonly groups: TemporaryGroups;
  readonly presence: PresenceFanOut;
  readonly offline: OfflineStore;
  readonly profiles: ProfileStore;
  readonly faults: Faults;
  readonly quirks: Quirks;
  readonly limits: NetworkLimits;
  /** The versions that are offered, the preferred one first. */
  readonly dialects: readonly ServerDialect[];
  readonly now: () => number;
  /** `host:port` as clients are told. */
  readonly nsAddress: () => string;
  readonly sbAddress: () => string;
  readonly httpUrl: () => string;
}
