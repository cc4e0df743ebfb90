import type { ListKind } from "../dialect/types.ts";
import type { Command } from "../wire/command.ts";
import type { Core, Live } from "./core.ts";
import { BY_SERVICE } from "./late/service-form.ts";
import { soapLists } from "./lists-soap.ts";
import { synLists } from "./lists-syn.ts";
import type { RosterStrategy } from "./roster.ts";

/** Where the contact list comes from and how the server tells of changes. */
export interface ListStrategy {
  /** Fills the contact book and tells the server what was read, where it wants to know. */
  load(core: Core, live: Live, signal: AbortSignal): Promise<void>;
  /** Takes a line about lists; false when it is none. */
  onCommand(core: Core, command: Command): boolean;
  /** Reads the lists again before long; absent where nothing can be read a second time. */
  refresh?(core: Core): void;
  /** How these lists are edited, in a session that is signed in. */
  roster(core: Core, live: Live): RosterStrategy;
}

/** The list strategy each dialect names. */
export const LIST_STRATEGIES: Readonly<Record<ListKind, () => ListStrategy>> = {
  syn: synLists,
  soap: () => soapLists(),
  services: () => soapLists(BY_SERVICE),
};
