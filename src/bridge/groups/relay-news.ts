import type { ResidentId } from "../model.ts";
import { accountParts } from "../model.ts";
import type { GroupRecord } from "./model.ts";
import { labelOf } from "./view.ts";

/** Within it the same loss is told once, whoever sees it, ms. */
const SAME_MS = 60_000;

/** Whoever set the relay of a group hears that it is none any more. `before`: the group as it was with it; `why`: `is unlinked`. */
export function tellOfLostRelay(
  tell: (owners: readonly ResidentId[], text: string, key: string) => void,
  before: GroupRecord,
  why: string,
): void {
  const { id, relay } = before;
  if (!relay) return;
  const { address } = accountParts(relay.account);
  tell(
    [relay.by],
    `${address} ${why}, so it speaks no more for those in ${labelOf(before)} who have no MSN account. \`relay set\` lets another account do it.`,
    `relay|${id}|${relay.account}|${Math.floor(Date.now() / SAME_MS)}`,
  );
}
