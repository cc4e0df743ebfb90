import { type Email, parseAddress } from "../address.ts";
import { type Command, decodeArg } from "../wire/command.ts";
import { type ContactPatch, isListName, LIST_BITS, listsOf } from "./contacts.ts";
import { type Core, type Live, updateSelf } from "./core.ts";
import type { ListStrategy } from "./lists.ts";

/** Groups a server may make the client remember; servers stop at 30. */
const MAX_GROUPS = 200;

/** One `N=` `F=` `C=` line of LST or ADC; numbers and groups are what follows (source: msnp-core §5.2). */
interface ListLine {
  readonly email: Email | undefined;
  readonly displayName: string | undefined;
  readonly guid: string | undefined;
  readonly rest: readonly string[];
}

function parseListLine(args: readonly string[]): ListLine {
  let email: Email | undefined;
  let displayName: string | undefined;
  let guid: string | undefined;
  const rest: string[] = [];
  for (const arg of args) {
    if (arg.startsWith("N=")) email = parseAddress(decodeArg(arg.slice(2)))?.email;
    else if (arg.startsWith("F=")) displayName = decodeArg(arg.slice(2));
    else if (arg.startsWith("C=")) guid = arg.slice(2);
    else rest.push(arg);
  }
  return { email, displayName, guid, rest };
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

  #check(): void {
    if (this.#isKnown && this.#contacts <= 0 && this.#groups <= 0) this.#done();
  }
}

/** Lists on the wire by SYN and LST, changes by ADC and REM; MSNP10-12 (source: msnp-core §5.2, §5.3, §5.7). */
class SynLists implements ListStrategy {
  // REM FL names a contact by its GUID.
  readonly #emailByGuid = new Map<string, Email>();
  readonly #groups = new Map<string, string>();
  #countdown: Countdown | undefined;

  async load(core: Core, live: Live): Promise<void> {
    core.contacts.groups = this.#groups;
    const whole = live.ns.expect("the contact list", core.timeouts.request);
    this.#countdown = new Countdown(whole.done);
    const answer = await whole.during(live.ns.request("SYN", [0, 0]));
    const [contacts = Number.NaN, groups = Number.NaN] = answer.args.slice(3).map(Number);
    if (Number.isInteger(contacts) && Number.isInteger(groups)) {
      this.#countdown.expect(contacts, groups);
    } else {
      // Without counts the answer to a later command is the end of the list (source: msnp-core §5.2).
      await live.ns.request("GCF", ["Shields.xml"]).catch(() => undefined);
      whole.done();
    }
    await whole.promise;
    this.#countdown = undefined;
  }

  onCommand(core: Core, command: Command): boolean {
    switch (command.name) {
      case "LST":
        this.#addListed(core, command.args);
        return true;
      case "LSG":
        this.#addGroup(command.args);
        return true;
      case "PRP":
        if (command.args.at(-2) === "MFN") updateSelf(core, { displayName: decodeArg(command.args.at(-1) ?? "") });
        return true;
      case "ADC":
        this.#added(core, command.args);
        return true;
      case "REM":
        this.#removed(core, command.args);
        return true;
      case "SYN":
      case "GTC":
      case "BLP":
      case "BPR":
        return true;
      default:
        return false;
    }
  }

  #addGroup(args: readonly string[]): void {
    const [name, id] = args;
    if (name !== undefined && id !== undefined && this.#groups.size < MAX_GROUPS) this.#groups.set(id, decodeArg(name));
    this.#countdown?.take("group");
  }

  #addListed(core: Core, args: readonly string[]): void {
    const line = parseListLine(args);
    const bits = Number(line.rest[0] ?? 0);
    if (line.email !== undefined && Number.isInteger(bits)) {
      // MSNP12 has a number between the bits and the groups.
      const groups = line.rest.slice(1).find((arg) => arg.includes("-"));
      const patch = { lists: listsOf(bits), groups: core.contacts.groupNames(groups?.split(",") ?? []) };
      this.#remember(line.guid, core.contacts.update(line.email, { ...patch, ...nameOf(line) })?.email);
    }
    this.#countdown?.take("contact");
  }

  #added(core: Core, args: readonly string[]): void {
    const [, list = ""] = args;
    const line = parseListLine(args.slice(2));
    const email = line.email ?? this.#emailByGuid.get(line.guid?.toLowerCase() ?? "");
    if (!isListName(list) || email === undefined) return;
    this.#remember(line.guid, core.contacts.changeLists(email, LIST_BITS[list], true, nameOf(line))?.email);
  }

  #remember(guid: string | undefined, email: Email | undefined): void {
    if (guid !== undefined && email !== undefined) this.#emailByGuid.set(guid.toLowerCase(), email);
  }

  #removed(core: Core, args: readonly string[]): void {
    const [, list = "", who = "", group] = args;
    const email = this.#emailByGuid.get(who.toLowerCase()) ?? parseAddress(decodeArg(who))?.email;
    // With a group the contact only leaves that group.
    if (!isListName(list) || email === undefined || group !== undefined) return;
    core.contacts.changeLists(email, LIST_BITS[list], false);
  }
}

function nameOf(line: ListLine): ContactPatch {
  return line.displayName === undefined || line.displayName === "" ? {} : { displayName: line.displayName };
}

export function synLists(): ListStrategy {
  return new SynLists();
}
