import type { NsSession } from "./ns/session.ts";

/**
 * Tells the other endpoints of an account that this one changed its address book, where that is done; they read it again
 * (source: msnp-core §5.7, §7.2). Only endpoints can be several, so older versions have no lines for it.
 */
export function tellOwnEndpoints(by: NsSession): void {
  if (!by.hub.quirks.tellsOwnChanges) return;
  for (const session of [...by.account.sessions]) if (session !== by) session.addressBookChanged();
}
