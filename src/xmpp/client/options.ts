/** What the XMPP side is told where it is an ordinary account instead of a component. */
import type { Logger } from "pino";
import type { Meter } from "../../bridge/metrics.ts";
import type { GhostRef, NetworkName, ResidentId } from "../../bridge/model.ts";
import type { ProfileStore, RecallStore, RoomNoteStore } from "../../bridge/ports/store.ts";
import type { Secret } from "../../bridge/secret.ts";
import type { BareJid } from "../jid.ts";
import type { ClientLimits } from "../link/client-link.ts";
import type { ClientService } from "../link/client-stream.ts";
import type { MucLimits } from "../muc/types.ts";

/** An account that the bridge signs in to. */
export interface ClientAccount extends Pick<ClientService, "jid" | "password" | "ca" | "streamManagement"> {
  /** Where its server is, when DNS (RFC 6120 §3.2) does not say it. */
  readonly host?: string;
  /** Default 5222, or 5223 where {@link tls} is `direct`. */
  readonly port?: number;
  /** Default `starttls`. */
  readonly tls?: ClientService["tls"];
  /** Name of this sign-in among the account's others; default `msnbridge`. */
  readonly resource?: string;
}

/** A conference that is tied to one contact of somebody's account. */
export interface RelayRoom {
  readonly room: BareJid;
  /** What the account calls itself there; default {@link XmppClientOptions.name}. */
  readonly nick?: string;
  readonly password?: Secret;
  /** Whose contact it is: everybody's words go out by their account. */
  readonly resident: ResidentId;
  readonly ghost: GhostRef;
}

export interface XmppClientLimits {
  /** Stanzas of one person that wait for the store; what comes beyond is refused. */
  readonly waitingPerResident: number;
  /** Residents whose clients are kept in memory. */
  readonly residents: number;
  /** How often a room that is not yet tied to its contact is tried again, ms. */
  readonly tieMs: number;
  /** How long after its coming a message is still looked for at the next start, ms. */
  readonly lookBackMs: number;
  /** How long somebody who is not in the room of a chat is not invited again, ms. */
  readonly inviteMs: number;
}

export interface XmppClientOptions {
  readonly service: ClientAccount;
  readonly networks: readonly NetworkName[];
  /** What the bridge calls itself. */
  readonly name?: string;
  /** Domain on which rooms are made; else the first that the account's server names. */
  readonly mucService?: string;
  /** The account is its owner's own, who alone is the resident; else one of the operator's, for everybody who may link. */
  readonly personal: boolean;
  readonly mayLink: (resident: ResidentId) => boolean;
  readonly relays?: readonly RelayRoom[];
  readonly profiles: ProfileStore & RoomNoteStore & RecallStore;
  readonly meter: Meter;
  readonly log: Logger;
  readonly limits?: Partial<XmppClientLimits & ClientLimits & MucLimits>;
}

export const DEFAULT_CLIENT_HOME_LIMITS: XmppClientLimits = {
  waitingPerResident: 500,
  residents: 10_000,
  tieMs: 30_000,
  lookBackMs: 60_000,
  inviteMs: 3_600_000,
};
