import type { Logger } from "pino";
import type { Meter } from "../bridge/metrics.ts";
import type { NetworkName, ResidentId } from "../bridge/model.ts";
import type { LinkDesk, Linker } from "../bridge/ports/linking.ts";
import type { ProfileStore, RecallStore, RoomNoteStore, SecretStore } from "../bridge/ports/store.ts";
import type { LinkLimits } from "./link/component-link.ts";
import type { ComponentService } from "./link/stream.ts";

export interface XmppLimits {
  /** Stanzas of one person that wait for the store; what comes beyond is sent back. */
  readonly waitingPerResident: number;
  /** People whose clients and contact lists are kept in memory. */
  readonly residents: number;
  /** Pause between two requests for subscription to one server, ms. */
  readonly subscribePaceMs: number;
  /** How often a privileged entity reads the list of somebody who is there, for what they have changed in it, ms. */
  readonly rosterLookMs: number;
  /** How long somebody may be away before an account that follows them signs out, ms. */
  readonly leaveMs: number;
  /** How long a command's answer is waited for before it comes as a message instead, ms. */
  readonly commandMs: number;
}

export const DEFAULT_LIMITS: XmppLimits = {
  waitingPerResident: 500,
  residents: 50_000,
  subscribePaceMs: 250,
  rosterLookMs: 60_000,
  leaveMs: 15_000,
  commandMs: 20_000,
};

export interface XmppHomeOptions {
  readonly service: ComponentService;
  /** The domain of the server itself: what its conferences say of anybody is believed. Without it, of its own accounts alone. */
  readonly server?: string;
  /** Networks whose contacts can be ghosts; the main one, whose contacts have the shortest JIDs, first. */
  readonly networks: readonly NetworkName[];
  /** What the gateway calls itself. */
  readonly name?: string;
  /** Of the program, for who asks (XEP-0092). */
  readonly version?: string;
  /** Whether accounts stay signed in while their owner is away, unless they choose otherwise. */
  readonly stayOn: boolean;
  /**
   * Whether registration takes a password in its form. Only where every client's stream is encrypted: what is typed goes
   * through the XMPP server.
   */
  readonly passwordForm: boolean;
  readonly mayLink: (resident: ResidentId) => boolean;
  /** Late-bound: the page needs the linker, the linker the homes. */
  readonly desk: () => LinkDesk;
  readonly linker: () => Linker;
  /** Rooms of groups are kept there, too. */
  readonly profiles: ProfileStore & RoomNoteStore & RecallStore & SecretStore;
  readonly meter: Meter;
  readonly log: Logger;
  readonly limits?: Partial<XmppLimits & LinkLimits>;
}
