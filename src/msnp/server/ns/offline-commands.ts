import { contentTypeOf, headerOf, type MimeMessage, parseMime } from "../../message/mime.ts";
import type { Request } from "../connection.ts";
import { leaveOfflineMessage } from "../offline.ts";
import { looksOffline } from "../state/account.ts";
import { argument, payloadOf } from "./args.ts";
import type { SessionCommand } from "./front.ts";
import type { NsSession } from "./session.ts";

/** Networks that exist (source: msnp-core §5.1). */
const NETWORKS = new Set(["1", "2", "4", "8", "9", "16", "32"]);
const MESSENGER = "1";
const TYPES = new Set(["1", "2", "3", "4"]);
const TEXT = "1";

/** Messages outside of switchboards (source: msnp-core §7.10, msnp-chat §1.11). */
export const OFFLINE_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  UUM: userMessage,
};

/** Text for somebody offline is kept for them; nothing is ever answered, and what cannot be kept is lost without a word. */
function userMessage(session: NsSession, request: Request): void {
  const [to, network, type] = [argument(request, 1), argument(request, 2), argument(request, 3)];
  const { account, dialect, hub, connection } = session;
  const mayLeave = network !== MESSENGER || dialect.offlineByUum;
  if (!TYPES.has(type) || !NETWORKS.has(network) || !mayLeave) {
    connection.close();
    return;
  }
  if (network !== MESSENGER) return;
  if (type !== TEXT) {
    if (hub.quirks.picksOfflineMessages) connection.close();
    return;
  }
  const recipient = hub.directory.byEmail(to);
  if (recipient === undefined || !looksOffline(recipient.status) || recipient.blocks(account)) return;
  const text = readText(parseMime(payloadOf(request)), hub.quirks.picksOfflineMessages);
  if (text === undefined) return;
  const origin = connection.remote.address;
  leaveOfflineMessage(
    hub,
    { from: account.email, fromName: account.name, to: recipient.email, text, at: hub.now(), origin },
    session,
  );
}

function readText(message: MimeMessage, picky: boolean): string | undefined {
  if (contentTypeOf(message) !== "text/plain") return undefined;
  if (picky && headerOf(message, "Dest-Agent") !== "client") return undefined;
  return message.body.toString("utf8");
}
