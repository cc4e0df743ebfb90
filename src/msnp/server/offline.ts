import type { Hub } from "./hub.ts";
import { newMailNotice } from "./mail-data.ts";
import type { OfflineDraft, OfflineMessage } from "./state/offline.ts";
import type { LiveSession } from "./state/session.ts";

/**
 * Keeps a message for somebody and tells their sessions, should there be any (they may be hidden), but not the one it
 * came from. Undefined when the store refuses it, or there is no such account.
 */
export function leaveOfflineMessage(hub: Hub, draft: OfflineDraft, by?: LiveSession): OfflineMessage | undefined {
  const account = hub.directory.byEmail(draft.to);
  const message = account === undefined ? undefined : hub.offline.store(draft);
  if (account === undefined || message === undefined) return undefined;
  const notice = newMailNotice(message, hub.quirks.exactMailData);
  for (const session of [...account.sessions]) if (session !== by) session.mailNotice(notice);
  return message;
}
