import type { Asker } from "../../commands/group-desk.ts";
import { BridgeError } from "../../errors.ts";
import type { AccountRecord, PortalId, PortalRecord, ResidentId } from "../../model.ts";
import { residentParts } from "../../model.ts";
import { oneLine } from "../../plain.ts";
import { ghostOf, roomFor } from "../../portals.ts";
import { talksInGroups } from "../../ports/groups.ts";
import { RecentMap } from "../../recent.ts";
import type { GroupKind, GroupRecord, LiveGroup } from "../model.ts";
import { circleKey, groupId, groupOfSeat, groupParts } from "../model.ts";
import type { DeskOptions } from "./desk-options.ts";
import { askingOf } from "./desk-options.ts";

/** A chat that somebody can name. */
export type Entry = {
  readonly id: PortalId;
  /** As people see it. */
  readonly name: string;
  /** Names it for sure: the contact's address, or the group's key. */
  readonly key: string;
} & (
  | { readonly kind: "direct"; readonly account: AccountRecord; readonly portal: PortalRecord }
  | { readonly kind: GroupKind; readonly record: GroupRecord }
  /** A circle in which nobody has spoken yet, so that nothing is stored of it. */
  | { readonly kind: "circle"; readonly account: AccountRecord; readonly live: LiveGroup }
);

/** Residents whose last list is remembered. */
const REMEMBERED = 2000;
const SHOWN_NAME = 80;
/** People in the name of a group that has none. */
const NAMED = 3;
/** Candidates in an answer. */
const MOST_CANDIDATES = 8;
/** Characters from which on the beginning of a key counts. */
const KEY_BEGINS = 6;

/** The chats of residents, as they name them. */
export class Catalogue {
  readonly #o: DeskOptions;
  /** What the numbers mean that somebody saw last. */
  readonly #shown = new RecentMap<ResidentId, readonly PortalId[]>(REMEMBERED);

  constructor(o: DeskOptions) {
    this.#o = o;
  }

  /** All of somebody's: chats with contacts first, each kind by name. From now on their numbers mean these. */
  async list(asker: Asker): Promise<readonly Entry[]> {
    const entries = await this.#entries(asker);
    this.#shown.set(
      asker.resident,
      entries.map(({ id }) => id),
    );
    return entries;
  }

  /** The number under which somebody saw a chat last. */
  numberOf(asker: Asker, id: PortalId): number | undefined {
    const at = this.#shown.get(asker.resident)?.indexOf(id) ?? -1;
    return at < 0 ? undefined : at + 1;
  }

  /** @throws BridgeError `bad-input` when nothing is called so, or several are. */
  async find(asker: Asker, text: string | undefined): Promise<Entry> {
    if (text === undefined) return this.#here(asker);
    const wanted = plain(text);
    const shown = this.#shown.get(asker.resident);
    const entries = await this.#entries(asker);
    const exact = entries.filter(({ key, name, id }) => [key, name.toLowerCase(), id].includes(wanted));
    if (/^\d{1,4}$/.test(wanted)) {
      const numbers = shown ?? entries.map(({ id }) => id);
      // A circle may be called like a year.
      if (exact.length === 0 || numbers[Number(wanted) - 1] !== undefined)
        return this.#numbered(wanted, numbers, entries);
    }
    const meant = exact.length > 0 || wanted.length < KEY_BEGINS ? exact : entries.filter(begins(wanted));
    const found = meant.length > 0 ? meant : await this.#ofOthers(asker, wanted);
    const [first, second] = found;
    if (first && !second) return first;
    if (!first)
      throw new BridgeError("bad-input", {
        detail: `you have no chat called "${oneLine(text, SHOWN_NAME)}"; \`portals\` shows yours, and a name of several words stands in quotes`,
      });
    const candidates = found.slice(0, MOST_CANDIDATES).map((one) => this.#candidate(one, entries));
    if (found.length > MOST_CANDIDATES) candidates.push("…");
    if (shown === undefined) await this.list(asker);
    throw new BridgeError("bad-input", {
      detail: `several are called so: ${candidates.join("; ")}. Name one by its number in \`portals\`, or by its key`,
    });
  }

  /** As {@link find}, but it must be a group; stored, when it was not. */
  async group(asker: Asker, text: string | undefined): Promise<GroupRecord> {
    const entry = await this.find(asker, text);
    if ("record" in entry) return entry.record;
    if ("live" in entry) return this.#o.groups.known(entry.account, entry.live);
    throw new BridgeError("bad-input", { detail: `${entry.name} is one contact, and this is for groups` });
  }

  /** The group of the room in which it is said, if that is one's room. */
  async groupHere({ resident, room }: Asker): Promise<GroupRecord | undefined> {
    const known = room && (await this.#o.groups.ofRoom(residentParts(resident).home, room));
    return known && this.#o.groups.reread(known.id);
  }

  async #here(asker: Asker): Promise<Entry> {
    const record = await this.groupHere(asker);
    if (record) return entryOf(record, asker.accounts);
    const { resident, room } = asker;
    const portal = room && (await this.#o.portals.ofRoom(residentParts(resident).home, room));
    const entry = portal && (await this.#entries(asker)).find(({ id }) => id === portal);
    if (entry) return entry;
    throw new BridgeError("bad-input", {
      detail: "name the chat that you mean, or say this in its room; `portals` shows yours",
    });
  }

  #numbered(number: string, shown: readonly PortalId[], entries: readonly Entry[]): Entry {
    const id = shown[Number(number) - 1];
    const found = entries.find((one) => one.id === id);
    if (found) return found;
    throw new BridgeError("bad-input", {
      detail: id ? `number ${number} is gone; say \`portals\` again` : `there is no number ${number} in \`portals\``,
    });
  }

  #candidate(entry: Entry, entries: readonly Entry[]): string {
    const number = entries.indexOf(entry) + 1;
    const whose = entry.kind === "direct" ? ` of ${entry.account.address}` : "";
    return `${number > 0 ? `${number}. ` : ""}${entry.name} (${shortKey(entry.key)}${whose})`;
  }

  async #entries({ resident, accounts }: Asker): Promise<readonly Entry[]> {
    const direct = await Promise.all(accounts.map((account) => this.#direct(account, resident)));
    const records = await Promise.all(accounts.map(({ id }) => this.#o.groups.ofAccount(id)));
    const groups = new Map<PortalId, Entry>();
    for (const record of records.flat()) groups.set(record.id, entryOf(record, accounts));
    for (const entry of accounts.flatMap((account) => this.#quiet(account)))
      if (!groups.has(entry.id)) groups.set(entry.id, entry);
    return [...direct.flat().sort(byName), ...[...groups.values()].sort(byName)];
  }

  async #direct(account: AccountRecord, resident: ResidentId): Promise<Entry[]> {
    const { home } = residentParts(resident);
    const all = await this.#o.portals.ofAccount(account.id);
    const mine = all.filter((one) => groupOfSeat(one.id) === undefined && roomFor(one, home, resident));
    const session = this.#o.fleet.session(account.id);
    const known = session ? [] : await this.#o.store.contactsOf(account.id);
    return mine.map((portal) => {
      const { contact } = ghostOf(portal.id);
      const seen = session?.contact(contact) ?? known.find(({ address }) => address === contact);
      const name = oneLine(seen?.nickname ?? "", SHOWN_NAME) || oneLine(seen?.displayName ?? "", SHOWN_NAME) || contact;
      return { id: portal.id, kind: "direct", name, key: contact, account, portal };
    });
  }

  /** Circles that the sign-in knows of. */
  #quiet(account: AccountRecord): Entry[] {
    const session = this.#o.fleet.session(account.id);
    if (!session || !talksInGroups(session)) return [];
    return [...session.liveGroups()].flatMap((live) => {
      if (live.kind !== "circle" || live.circle === undefined) return [];
      const id = groupId(account.network, circleKey(live.circle));
      const name = nameOf(live, [account]);
      return [{ id, kind: "circle" as const, name, key: groupParts(id).key, account, live }];
    });
  }

  /** The operator's admins may name groups that are not theirs, by their keys. */
  async #ofOthers(asker: Asker, wanted: string): Promise<Entry[]> {
    if (!askingOf(this.#o, asker).isAdmin || wanted.length < KEY_BEGINS) return [];
    const ids = (await this.#o.store.allGroups()).filter((id) => begins(wanted)({ key: groupParts(id).key }));
    const records = await Promise.all(ids.slice(0, MOST_CANDIDATES + 1).map((id) => this.#o.groups.record(id)));
    return records.filter((one) => one !== undefined).map((record) => entryOf(record, asker.accounts));
  }
}

function entryOf(record: GroupRecord, accounts: readonly AccountRecord[]): Entry {
  const { id, kind } = record;
  return { id, kind, name: nameOf(record, accounts), key: groupParts(id).key, record };
}

function byName(a: Entry, b: Entry): number {
  return a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
}

function plain(text: string): string {
  return text
    .trim()
    .replace(/^"(.*)"$/s, "$1")
    .trim()
    .toLowerCase();
}

/** People see keys cut off, and may say them with or without what all of a kind begin with. */
const begins =
  (wanted: string) =>
  ({ key }: { readonly key: string }): boolean =>
    [key, key.replace(KIND, ""), shortKey(key), shortKey(key).replace(KIND, "")].some((one) => one.startsWith(wanted));

const KIND = /^(?:set|circle)-/;
/** Ids of MSN's circles begin all alike: `00000000-0000-0000-0009-5e1f2a3b4c5d` (source: msnp-chat §8). */
const GUID = /^(circle-)[\da-f]{8}(?:-[\da-f]{4}){3}-([\da-f]{12})$/;

/** As much of a group's key as tells it from others. */
export function shortKey(key: string): string {
  const [, kind, end] = GUID.exec(key) ?? [];
  if (kind !== undefined && end !== undefined) return kind + end;
  return KIND.test(key) ? key.slice(0, key.indexOf("-") + 9) : key;
}

/** What people see of a group: its name, or those in it besides themselves. */
export function nameOf(
  { name, members }: Pick<GroupRecord, "name" | "members">,
  accounts: readonly Pick<AccountRecord, "address">[],
): string {
  const given = oneLine(name, SHOWN_NAME);
  if (given !== "") return given;
  const own = new Set(accounts.map(({ address }) => address));
  const others = members.filter(({ address }) => !own.has(address));
  const shown = others.slice(0, NAMED).map((one) => oneLine(one.name ?? "", 30) || one.address);
  if (shown.length === 0) return "a group without anybody else";
  return others.length > NAMED ? `${shown.join(", ")} and ${others.length - NAMED} more` : shown.join(", ");
}
