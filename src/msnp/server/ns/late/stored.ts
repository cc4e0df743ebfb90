import { type HeaderList, type Multipart, parseMultipart, withHeader } from "../../../message/multipart.ts";
import type { OfflineMessage } from "../../state/offline.ts";
import type { LateSession } from "./session.ts";

/** Hands over what waits for the account, which is thereby gone: there is no receipt (source: msnp21 §3.7). */
export function deliverStored(session: LateSession): void {
  const { account, hub } = session;
  for (const stored of hub.offline.list(account.email)) {
    session.deliver(storedMessage(stored));
    hub.offline.delete(account.email, stored.id);
  }
}

function storedMessage(stored: OfflineMessage): Multipart {
  const { multipart } = stored;
  const {
    routing,
    reliability,
    content = [],
    body,
  } = multipart === undefined ? plain(stored) : parseMultipart(multipart);
  return {
    routing,
    reliability,
    content: [
      ...withHeader(content, "Content-Length", String(body.length)),
      ["Content-Transfer-Encoding", "7bit"],
      ["Original-Arrival-Time", new Date(stored.at).toISOString()],
    ],
    body,
  };
}

/** A message that was left in the older ways. */
function plain({ from, fromName, to, text }: OfflineMessage): Multipart {
  const name: HeaderList = fromName === undefined ? [] : [["IM-Display-Name", fromName]];
  return {
    routing: [
      ["Routing", "1.0"],
      ["To", `1:${to}`],
      ["From", `1:${from}`],
      ["Options", "0"],
      ["Service-Channel", "IM/Offline"],
    ],
    reliability: [["Reliability", "1.0"]],
    content: [
      ["Messaging", "2.0"],
      ["Message-Type", "Text"],
      ["Content-Type", "text/plain; charset=UTF-8"],
      ...name,
      ["Content-Length", String(Buffer.byteLength(text))],
    ],
    body: Buffer.from(text),
  };
}
