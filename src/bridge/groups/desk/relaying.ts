import type { Asker } from "../../commands/group-desk.ts";
import { BridgeError } from "../../errors.ts";
import type { AccountId, ContactAddress } from "../../model.ts";
import { accountId, accountParts, residentParts } from "../../model.ts";
import type { RoomPower } from "../../ports/groups.ts";
import { hostsGroups } from "../../ports/groups.ts";
import type { GroupRecord } from "../model.ts";
import { groupParts } from "../model.ts";
import { demand, either, relayPower, seatsOf } from "../plumbing.ts";
import type { Catalogue } from "./catalogue.ts";
import { nameOf } from "./catalogue.ts";
import type { DeskOptions } from "./desk-options.ts";
import { askingOf } from "./desk-options.ts";
import { relayOf } from "./listing.ts";
import { asSeen, powerNow } from "./power.ts";

/** `relay`: which groups have one. */
export async function relays(o: DeskOptions, catalogue: Catalogue, asker: Asker): Promise<string> {
  const lines = (await catalogue.list(asker)).flatMap((entry, i) =>
    "record" in entry && entry.record.relay ? [`${i + 1}. ${entry.name}: ${relayOf(o, entry.record)}`] : [],
  );
  return lines.length > 0
    ? lines.join("\n")
    : "None of your groups has a relay. `relay set <group>` lets an account of yours speak for people who have none in it.";
}

/** `relay set`: an account in the group speaks for people who have none. */
export async function setRelay(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
  named: ContactAddress | undefined,
): Promise<string> {
  const record = await catalogue.group(asker, what);
  const name = nameOf(record, asker.accounts);
  const account = chosen(o, asker, record, named);
  demand(either(await powerNow(o, asker, record), await roomPower(o, asker, record)));
  const { relay } = record;
  const isSame = relay?.account === account;
  await o.groups.save(record.id, {
    relay: { account, by: asker.resident, prefix: isSame ? relay.prefix : false },
  });
  const { address } = accountParts(account);
  const shown =
    isSame && relay.prefix
      ? "Their words begin with their names."
      : `On MSN their words look like those of ${address}; \`relay prefix <group> on\` puts their names in front.`;
  return `${address} speaks in "${name}" for those in its rooms who have no account in it. ${shown} The rooms say so, in their topic where I may write it.`;
}

/** One's own account in the group, or one that the operator lends. @throws BridgeError `bad-input`, `group-refused`. */
function chosen(o: DeskOptions, asker: Asker, record: GroupRecord, named: ContactAddress | undefined): AccountId {
  const own = seatsOf(
    record,
    asker.accounts.map(({ id }) => id),
  );
  if (named === undefined) {
    const lent = record.seats.filter((seat) => o.isRelay(seat));
    const able = own.length > 0 ? own : lent;
    const [first, second] = able;
    if (second) throw new BridgeError("bad-input", { detail: "several accounts could do it; name the one you mean" });
    if (first) return first;
    throw new BridgeError("group-refused", {
      detail: "you have no account in this group that could speak for others; somebody who is in it can lend theirs",
    });
  }
  const account = accountId(groupParts(record.id).network, named);
  const isTheirs = asker.accounts.some(({ id }) => id === account);
  if (!isTheirs && !o.isRelay(account))
    throw new BridgeError("group-refused", {
      detail: `${named} is not an account of yours, and only its owner can lend it; say \`accounts\` to see yours`,
    });
  if (record.seats.includes(account)) return account;
  throw new BridgeError("group-refused", { detail: `${named} is not in this group; \`invite\` it first` });
}

/** `relay prefix`: whether the words of others begin with their names. */
export async function setPrefix(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
  prefix: boolean,
): Promise<string> {
  const record = await catalogue.group(asker, what);
  const relay = await withRelay(o, asker, record);
  await o.groups.save(record.id, { relay: { ...relay, prefix } });
  const { address } = accountParts(relay.account);
  return prefix
    ? `What ${address} passes on in "${nameOf(record, asker.accounts)}" begins with the speaker's name from now on, as in \`[Ann] hello\`.`
    : `What ${address} passes on in "${nameOf(record, asker.accounts)}" stands without the speaker's name from now on.`;
}

/** `relay unset`. */
export async function unsetRelay(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
): Promise<string> {
  const record = await catalogue.group(asker, what);
  const { account } = await withRelay(o, asker, record);
  await o.groups.save(record.id, { relay: null });
  return `${accountParts(account).address} speaks for nobody else in "${nameOf(record, asker.accounts)}" any more. Who has no account in it is not heard there.`;
}

/** The relay, when the asker may change it. @throws BridgeError `group-refused`. */
async function withRelay(o: DeskOptions, asker: Asker, record: GroupRecord) {
  const { relay } = record;
  if (!relay) throw new BridgeError("group-refused", { detail: `"${nameOf(record, asker.accounts)}" has no relay` });
  demand(relayPower(asSeen(o, asker, record), askingOf(o, asker), await roomPower(o, asker, record)));
  return relay;
}

/** The power over the room that is tied to the group in the asker's own home; `undefined`: there is none. */
async function roomPower(o: DeskOptions, asker: Asker, record: GroupRecord): Promise<RoomPower | undefined> {
  const { home: name } = residentParts(asker.resident);
  const room = record.rooms.find((one) => one.home === name && one.by !== undefined && one.parked === undefined);
  const home = o.homes.get(name);
  return room && home && hostsGroups(home) ? home.mayBridge(room.room, asker.resident) : undefined;
}
