import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { BridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { AccountId, AccountRecord, NetworkName, ResidentId } from "./model.ts";
import { accountId, ownerIn, residentParts } from "./model.ts";
import type { Linker } from "./ports/linking.ts";
import type { Network } from "./ports/network.ts";
import type { AccountStore } from "./ports/store.ts";
import type { Secret } from "./secret.ts";

export interface LinkingOptions {
  readonly store: AccountStore;
  readonly fleet: Fleet;
  readonly networks: ReadonlyMap<NetworkName, Network>;
  /** It is linked, and about to sign in. Tells the resident, and owners elsewhere when there is one more of them. Best effort. */
  readonly linked: (account: AccountRecord, by: ResidentId, isNew: boolean) => void;
}

/** Links accounts, each from one home or from several: tries the credentials live, stores them sealed, and sets the puppet going. */
export function createLinker(o: LinkingOptions): Linker {
  return {
    networks: [...o.networks.values()].map(({ name, title }) => ({ name, title })),
    async linkAccount(resident: ResidentId, request, onStage, signal) {
      const network = o.networks.get(request.network);
      if (!network) throw new BridgeError("bad-input", { detail: "this network is not offered here" });
      const id = accountId(request.network, request.address);
      const known = await o.store.account(id);
      const there = known && ownerIn(known, residentParts(resident).home);
      if (there && there !== resident) throw new BridgeError("already-linked", { address: request.address });
      // The live puppet must be out of the way: some dialects allow one sign-in at a time. Who only guesses does not
      // disturb it.
      const clears = !known || there === resident || (await isPasswordOf(o.store, id, request.password));
      if (clears) await o.fleet.remove(id);
      try {
        const { address, spelling, password } = request;
        await network.verify({ address, spelling, password }, onStage, signal);
        return await keep(o, resident, request, known);
      } catch (error) {
        if (known && clears) await takeBack(o, known);
        throw error;
      }
    },
  };
}

/** Sets the puppet going again, of the account as it is now: it may have other owners by then, or none. */
async function takeBack({ store, fleet }: LinkingOptions, before: AccountRecord): Promise<void> {
  const now = await store.account(before.id).catch(() => before);
  if (now) await fleet.adopt(now);
}

async function isPasswordOf(store: AccountStore, account: AccountId, password: Secret): Promise<boolean> {
  const known = await store.password(account);
  const hash = (secret: Secret): Buffer => createHash("sha256").update(secret.open()).digest();
  return known !== undefined && timingSafeEqual(hash(known), hash(password));
}

async function keep(
  o: LinkingOptions,
  owner: ResidentId,
  { network, address, spelling, password }: Parameters<Linker["linkAccount"]>[1],
  known: AccountRecord | undefined,
): Promise<AccountRecord> {
  const others = known?.owners.filter((one) => one !== owner) ?? [];
  const wanted: AccountRecord = {
    id: accountId(network, address),
    network,
    address,
    owners: [...others, owner],
    spelling,
    machineGuid: known?.machineGuid ?? randomUUID(),
    wishedAvailability: known?.wishedAvailability ?? "automatic",
    ...(known?.wishedText === undefined ? {} : { wishedText: known.wishedText }),
    halt: "none",
    linkedAt: known?.linkedAt ?? Date.now(),
  };
  const owners = await o.store.link(wanted, password);
  // Linked from two homes at one time, it has what the first of them brought.
  const stored = owners.length > 1 ? await o.store.account(wanted.id) : undefined;
  const record = stored ?? { ...wanted, owners };
  // Before the sign-in, which tells them what is there.
  o.linked(record, owner, known?.owners.includes(owner) !== true);
  await o.fleet.adopt(record);
  return record;
}
