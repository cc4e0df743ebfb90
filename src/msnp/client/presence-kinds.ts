import type { MsnStatus } from "../dialect/status.ts";
import type { Core, Live } from "./core.ts";
import { changeDisplayName, changePersonalMessage, changeStatus, goVisible, publishPlace } from "./presence.ts";
import type { PersonalMessage } from "./types.ts";

/** How the account shows itself; each resolves when the server has taken it and rejects with MsnpError. */
export interface PresenceStrategy {
  /** The first presence of a session. */
  goVisible(core: Core, live: Live): Promise<void>;
  changeStatus(core: Core, live: Live, status: MsnStatus): Promise<void>;
  changePersonalMessage(core: Core, live: Live, message: PersonalMessage): Promise<void>;
  changeDisplayName(core: Core, live: Live, name: string): Promise<void>;
}

/** By CHG, UUX and the like, up to MSNP18. */
export const LINES: PresenceStrategy = {
  goVisible,
  changeStatus: async (core, live, status) => {
    await changeStatus(core, live, status);
    // The other places of the account see what this one shows (source: msnp-core §6.5).
    if (live.dialect.endpoints) publishPlace(core, live, status);
  },
  changePersonalMessage: (_core, live, message) => changePersonalMessage(live, message),
  changeDisplayName,
};
