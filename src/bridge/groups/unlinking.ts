import type { AccountId, AccountRecord, ResidentId } from "../model.ts";
import type { Groups } from "./groups.ts";
import type { GroupMemory } from "./memory.ts";
import { tellOfLostRelay } from "./relay-news.ts";

export interface UnlinkingOptions {
  /** Somebody has linked the account anew meanwhile. */
  readonly isHere: (account: AccountId) => boolean;
  readonly groups: Groups;
  readonly memory: GroupMemory;
  readonly tell: (owners: readonly ResidentId[], text: string, key: string) => void;
}

/**
 * An account has lost owners: the store has taken its seats when it was the last. Rooms follow, those in which nobody is left
 * end, and whoever set the account as a relay hears that it is none any more. `left`: who still has it.
 */
export async function endOf(o: UnlinkingOptions, account: AccountRecord, left: readonly ResidentId[]): Promise<void> {
  const { groups, memory } = o;
  const known = [...memory.groupsOf(account.id)];
  memory.owned(account.id, left);
  for (const group of known) {
    const before = memory.peek(group);
    const record = await memory.read(group);
    const { relay } = before ?? {};
    if (left.length === 0 && before && relay?.account === account.id) tellOfLostRelay(o.tell, before, "is unlinked");
    if (record) await groups.settle(group);
  }
  if (left.length === 0 && !o.isHere(account.id)) memory.unload(account.id);
}
