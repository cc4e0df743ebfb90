import type { HeaderList } from "../../../message/multipart.ts";
import { encodeMultipart } from "../../../message/multipart.ts";

const NO_BODY = Buffer.alloc(0);
const ROUTING = ["Routing", "1.0"] as const;
const RELIABILITY = ["Reliability", "1.0"] as const;

/** `{guid}` as endpoints are written in addresses. */
export function endpointAddress(email: string, guid: string | undefined): string {
  return guid === undefined ? `1:${email}` : `1:${email};epid={${guid}}`;
}

/** What a NFY says (source: msnp21 §3.3, §4.4). */
export interface Notification {
  readonly to: string;
  readonly from: string;
  /** The circle through which a person is seen. */
  readonly via?: string;
  /** Groups have their numbers of stream; people have none. */
  readonly reliability?: HeaderList;
  readonly number?: number | undefined;
  readonly uri: string;
  readonly type: "Full" | "Partial";
  readonly contentType: string;
  readonly body?: string;
  /** Circles at MSNP18 are `Publication` (source: msnp21 §3.1). */
  readonly block?: "Notification" | "Publication";
}

/** The payload of `NFY PUT` and `NFY DEL`. */
export function notification(news: Notification): Buffer {
  const routing: [string, string][] = [[...ROUTING], ["To", news.to], ["From", news.from]];
  if (news.via !== undefined) routing.push(["Via", news.via]);
  const content: [string, string][] = [[news.block ?? "Notification", "1.0"]];
  if (news.number !== undefined) content.push(["NotifNum", String(news.number)]);
  content.push(["Uri", news.uri], ["NotifType", news.type], ["Content-Type", news.contentType]);
  return encodeMultipart({
    routing,
    reliability: [RELIABILITY, ...(news.reliability ?? [])],
    content,
    body: news.body === undefined ? NO_BODY : Buffer.from(news.body),
  });
}

/** The payload of `PUT tr OK`: To and From have changed places (source: msnp21 §3.5). */
export function receipt(to: string, from: string): Buffer {
  const routing: HeaderList = [ROUTING, ["To", to], ["From", from]];
  return encodeMultipart({ routing, reliability: [RELIABILITY], body: NO_BODY });
}
