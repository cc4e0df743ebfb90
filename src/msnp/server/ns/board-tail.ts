import type { ServerDialect } from "../dialects/index.ts";
import type { Hub } from "../hub.ts";

/** What stands behind the cookie or the name: from MSNP14 on whether the switchboard takes TCP (source: msnp-chat §7). */
export function boardTail({ dialect, hub }: { dialect: ServerDialect; hub: Hub }, host: string): readonly string[] {
  const tail = dialect.switchboardTail(host);
  return hub.quirks.boardsBehindGateway && tail.at(-1) === "1" ? [...tail.slice(0, -1), "0"] : tail;
}
