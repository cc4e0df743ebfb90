import type { Email } from "../address.ts";
import { parseAddress } from "../address.ts";
import type { Dialect } from "../dialect/types.ts";
import { MsnpError } from "../errors.ts";
import { type Command, decodeArg } from "../wire/command.ts";
import { type ContactPatch, LIST_BITS, listsOf } from "./contacts.ts";
import { type Core, type Live, updateSelf } from "./core.ts";
import { NO_GROUP } from "./list-forms/by-address.ts";
import { LIST_WIRES } from "./list-forms/index.ts";
import type { ListChange, ListWire, Person } from "./list-forms/types.ts";
import type { ListStrategy } from "./lists.ts";
import type { RosterStrategy } from "./roster.ts";
import { SynRoster } from "./roster-syn.ts";

/** Contacts whose ids are remembered; more than any server has. */
const MAX_GUIDS = 5000;

/** Which id the server has for whom; REM FL names a contact by it. */
export class GuidBook {
  readonly #emails = new Map<string, Email>();
  readonly #guids = new Map<Email, string>();

  remember(guid: string | undefined, email: Email | undefined): void {
    if (guid === undefined || email === undefined || this.#guids.size >= MAX_GUIDS) return;
    this.#emails.set(guid.toLowerCase(), email);
    this.#guids.set(email, guid);
  }

  emailOf(guid: string | undefined): Email | undefined {
    return guid === undefined ? undefined : this.#emails.get(guid.toLowerCase());
  }

  guidOf(email: Email): string | undefined {
    return this.#guids.get(email);
  }
}

/** Counts the list lines that SYN announced; they come in the tick of its answer, before a promise could run. */
class Countdown {
  #contacts = 0;
  #groups = 0;
  #isKnown = false;
  readonly #done: () => void;

  constructor(done: () => void) {
    this.#done = done;
  }

  expect(contacts: number, groups: number): void {
    this.#contacts += contacts;
    this.#groups += groups;
    this.#isKnown = true;
    this.#check();
  }

  take(what: "contact" | "group"): void {
    if (what === "contact") this.#contacts -= 1;
    else this.#groups -= 1;
    this.#check();
  }

  end(): void {
    this.#done();
  }

  #check(): void {
    if (this.#isKnown && this.#contacts <= 0 && this.#groups <= 0) this.#done();
  }
}

/** Lists on the wire by SYN and LST, changes by ADD or ADC and REM; MSNP2-12 (source: msnp-core §5.2, §5.3, §5.7). */
class SynLists implements ListStrategy {
  readonly #guids = new GuidBook();
  #wire: ListWire | undefined;
  #countdown: Countdown | undefined;

  async load(core: Core, live: Live): Promise<void> {
    const wire = wireOf(live.dialect);
    this.#wire = wire;
    const whole = live.ns.expect("the contact list", core.timeouts.request);
    this.#countdown = new Countdown(whole.done);
    const answer = await whole.during(live.ns.request("SYN", wire.sync));
    const counts = wire.counts(answer.args);
    if (counts !== undefined) this.#countdown.expect(counts.contacts, counts.groups);
    else if (isUnchanged(live.dialect, answer)) whole.done();
    else if (live.dialect.listForm !== "serials") {
      // Without counts the answer to a later command is the end of the list (source: msnp-core §5.2).
      if (live.dialect.policies === "asked") await live.ns.request("GCF", ["Shields.xml"]).catch(() => undefined);
      whole.done();
    }
    await whole.promise;
    this.#countdown = undefined;
  }

  roster(core: Core, live: Live): RosterStrategy {
    return new SynRoster(core, live, wireOf(live.dialect), this.#guids);
  }

  onCommand(core: Core, command: Command): boolean {
    const wire = this.#wire;
    return wire === undefined ? false : this.#take(core, wire, command);
  }

  #take(core: Core, wire: ListWire, { name, args }: Command): boolean {
    switch (name) {
      case "LST":
        this.#listed(core, wire, args);
        return true;
      case "LSG":
        putGroup(core, wire.group(args));
        this.#countdown?.take("group");
        return true;
      case "ADD":
      case "ADC":
        this.#added(core, wire.added(args));
        return true;
      case "REM":
        this.#removed(core, wire.removed(args));
        return true;
      case "ADG":
        putGroup(core, wire.newGroup(args));
        return true;
      case "REG":
        putGroup(core, wire.renamedGroup(args));
        return true;
      case "RMG":
        core.contacts.dropGroup(wire.removedGroup(args) ?? "");
        return true;
      default:
        return this.#setting(core, name, args);
    }
  }

  #setting(core: Core, name: string, args: readonly string[]): boolean {
    switch (name) {
      case "PRP":
        if (args.at(-2) === "MFN") updateSelf(core, { displayName: decodeArg(args.at(-1) ?? "") });
        return true;
      case "REA":
        renamed(core, parseAddress(decodeArg(args.at(-2) ?? ""))?.email, args.at(-1));
        return true;
      case "SBP":
        if (args.at(-2) === "MFN") renamed(core, this.#guids.emailOf(args.at(-3)), args.at(-1));
        return true;
      case "BLP":
        core.contacts.privacy = args.at(-1) === "BL" ? "allowed-only" : "allow-all";
        return true;
      case "SYN":
      case "GTC":
      case "BPR":
        return true;
      default:
        return false;
    }
  }

  #listed(core: Core, wire: ListWire, args: readonly string[]): void {
    const line = wire.listed(args);
    if (line?.email !== undefined) {
      const groups = line.groupIds.length === 0 ? {} : { groups: core.contacts.groupNames(line.groupIds) };
      const patch = { ...groups, ...nameOf(line) };
      if (line.isWhole) core.contacts.update(line.email, { ...patch, lists: listsOf(line.bits) });
      else core.contacts.changeLists(line.email, line.bits, true, patch);
      this.#guids.remember(line.guid, line.email);
    }
    this.#countdown?.take("contact");
    if (wire.isLast(args)) this.#countdown?.end();
  }

  #added(core: Core, change: ListChange | undefined): void {
    const email = change?.email ?? this.#guids.emailOf(change?.guid);
    if (change === undefined || email === undefined || email === core.self.email) return;
    this.#guids.remember(change.guid, email);
    const [group] = change.groupIds;
    core.contacts.changeLists(email, bitOf(core, email, change), true, nameOf(change));
    if (group !== undefined) core.contacts.changeGroup(email, group, true);
  }

  #removed(core: Core, change: ListChange | undefined): void {
    const email = change?.email ?? this.#guids.emailOf(change?.guid);
    if (change === undefined || email === undefined) return;
    const [group] = change.groupIds;
    // With a group the contact only leaves that group.
    if (group !== undefined) core.contacts.changeGroup(email, group, false);
    else core.contacts.changeLists(email, goneBits(change), false);
  }
}

function wireOf(dialect: Dialect): ListWire {
  if (dialect.listForm === "none") throw new MsnpError("no-lists", `${dialect.name} has no lists on the wire`);
  return LIST_WIRES[dialect.listForm];
}

/** A server whose lists are those the client says it has sends none (source: msnp-core §5.2). */
function isUnchanged(dialect: Dialect, answer: Command): boolean {
  return dialect.listForm === "serials" && answer.args[1] === "0";
}

/** "On RL" of somebody who was not answered yet is a request, where there is a list for those (source: msnp-core §5.7). */
function bitOf(core: Core, email: Email, { list }: ListChange): number {
  const lists = core.contacts.all.get(email)?.lists;
  const isAnswered = lists !== undefined && (lists.has("AL") || lists.has("BL"));
  const bit = LIST_BITS[list];
  return list === "RL" && !isAnswered ? bit | LIST_BITS[core.contacts.requestList] : bit;
}

/** Whoever takes one off their list asks for nothing any more. */
function goneBits({ list }: ListChange): number {
  return list === "RL" ? LIST_BITS.RL | LIST_BITS.PL : LIST_BITS[list];
}

function putGroup(core: Core, group: { id: string; name: string } | undefined): void {
  if (group !== undefined && group.id !== NO_GROUP) core.contacts.putGroup(group.id, group.name);
}

function renamed(core: Core, email: Email | undefined, raw: string | undefined): void {
  const name = decodeArg(raw ?? "");
  if (email === undefined || name === "") return;
  if (email === core.self.email) updateSelf(core, { displayName: name });
  else if (core.contacts.all.has(email)) core.contacts.update(email, { nickname: name });
}

function nameOf({ displayName }: Person): ContactPatch {
  return displayName === undefined || displayName === "" ? {} : { displayName };
}

export function synLists(): ListStrategy {
  return new SynLists();
}
