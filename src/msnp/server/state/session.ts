import type { MsnStatus } from "../../dialect/status.ts";
import type { ServerDialect } from "../dialects/index.ts";
import type { Board } from "../sb/board.ts";
import type { Account } from "./account.ts";
import type { Circle } from "./circles.ts";

/** What one signed-in client told about itself (CHG, UUX); each endpoint has its own (source: msnp-core §6.5). */
export interface Endpoint {
  /** Machine GUID, bare and in lower case; absent below MSNP16. */
  guid?: string;
  capabilities: string;
  extendedCapabilities: string;
  msnObject?: string;
  machineGuid?: string;
  dynamicPicture?: string;
  signatureSound?: string;
  scene?: string;
  colorScheme?: string;
  name?: string;
  idle?: boolean;
  clientType?: string;
  state?: MsnStatus;
  /** What MSNP21 clients tell of their program: `MSNMSGR:15.4`, kind of client, capabilities (source: msnp21 §4.2). */
  program?: { readonly version: string; readonly type: string; readonly capabilities: string };
}

/** Phone settings by their PRP names; those without a value are not told. */
export type Phones = ReadonlyMap<string, string | undefined>;

export interface PresenceNews {
  readonly subject: Account;
  /** The subject's own status before the change, or what the viewer saw then. */
  readonly before: MsnStatus;
  /** Send the status line even when the status is the same (name or object changed). */
  readonly status: boolean;
  /** Personal message or media changed. */
  readonly info: boolean;
  /** Transaction id when the lines answer a command. */
  readonly trid?: string;
  readonly phones?: Phones;
  /** The phones are named, but without their values. */
  readonly withdrawsPhones?: boolean;
}

export type KickReason = "OTH" | "SSD";

/** A signed-in notification session, as the rest of the network sees it. */
export interface LiveSession {
  readonly account: Account;
  readonly dialect: ServerDialect;
  readonly endpoint: Endpoint;
  /** False after `IMS OFF`: no invitations (source: msnp-core §7.4). */
  readonly acceptsChats: boolean;
  presence(news: PresenceNews): void;
  ownPresence(): void;
  ring(board: Board, inviter: Account): void;
  addedBy(other: Account): void;
  removedBy(other: Account): void;
  userNotification(from: string, type: string, payload: Buffer): void;
  /** A message about the mailbox, for clients that know such and have told a status. */
  mailNotice(body: string): void;
  /** A circle of the account has changed, for clients that know circles. */
  circleNotice(circle: Circle): void;
  /** The address book of the account has changed. */
  addressBookChanged(): void;
  kick(reason?: KickReason): void;
}
