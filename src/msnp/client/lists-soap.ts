import { describeError } from "../errors.ts";
import { find, parseXml } from "../soap/xml.ts";
import { ServerError } from "../transport/error-codes.ts";
import { type Command, encodeArg } from "../wire/command.ts";
import { listsOf } from "./contacts.ts";
import { type Core, type Live, updateSelf } from "./core.ts";
import { BY_DOMAIN, entryOf, type ListForm } from "./list-payload.ts";
import type { ListStrategy } from "./lists.ts";
import type { RosterStrategy } from "./roster.ts";
import { soapRoster } from "./roster-soap.ts";
import { isSilence } from "./silence.ts";
import { SoapBook } from "./soap-book.ts";
import type { MsnContact } from "./types.ts";

/** Site of "your address book changed" (source: msnp-core §7.2). */
const ADDRESS_BOOK_SITE = "45705";
/** Readings that may fail in a row before the next notice is waited for. */
const MAX_RETRIES = 3;

/** Lists from the web services, told to the server by ADL; MSNP13+ (source: msnp-core §5.6, msnp-chat §5.3, §5.4). */
class SoapLists implements ListStrategy {
  readonly #form: ListForm;
  readonly #book = new SoapBook();
  #live: Live | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRefreshing = false;
  #failures = 0;

  constructor(form: ListForm) {
    this.#form = form;
  }

  async load(core: Core, live: Live, signal: AbortSignal): Promise<void> {
    this.#live = live;
    this.#book.refreshSoon = () => this.#schedule(core, 0);
    const lists = await this.#book.read(live, "Initial", signal);
    this.#book.apply(core, lists);
    const { privacy, ownName } = lists.book;
    const { tellsSettings } = this.#form;
    if (tellsSettings) await tolerated(core, live, live.ns.request("BLP", [privacy]));
    const payloads = this.#form.initial([...core.contacts.all.values()].map(entryOf), core.self.email);
    await Promise.all(payloads.map((payload) => this.#announce(core, live, payload)));
    if (ownName === undefined) return;
    updateSelf(core, { displayName: ownName });
    if (tellsSettings) await tolerated(core, live, live.ns.request("PRP", ["MFN", encodeArg(ownName)]));
  }

  async #announce(core: Core, { ns }: Live, payload: string): Promise<void> {
    try {
      await ns.request("ADL", [], { payload });
    } catch (error) {
      if (!this.#form.isSilenceGood || !isSilence(error, ns)) throw error;
      core.options.trace?.("<<<", "NS", describeError(error));
    }
  }

  roster(core: Core, live: Live): RosterStrategy {
    return soapRoster(core, live, this.#book, this.#form);
  }

  refresh(core: Core): void {
    this.#schedule(core, 0);
  }

  onCommand(core: Core, command: Command): boolean {
    switch (command.name) {
      case "ADL":
      case "RML":
        this.#applyNews(core, command);
        this.#schedule(core, 0);
        return true;
      case "NOT":
        if (isListNotice(command)) this.#schedule(core, 0);
        return true;
      case "UBN":
        // Type 6: another place of the account asks to read the lists again (source: msnp-core §7.9).
        if (command.args[1] !== "6") return false;
        this.#schedule(core, 0);
        return true;
      default:
        return false;
    }
  }

  /** Applies an ADL or RML of the server at once; the refresh that follows has the last word. */
  #applyNews(core: Core, command: Command): void {
    for (const { email, bits, displayName } of this.#form.read(command.payload)) {
      const isAdded = command.name === "ADL";
      const patch = isAdded && displayName !== undefined && displayName !== "" ? { displayName } : {};
      core.contacts.changeLists(email, bits, isAdded, patch);
    }
  }

  #schedule(core: Core, failures: number): void {
    const live = this.#live;
    if (this.#timer !== undefined || live === undefined) return;
    this.#failures = failures;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (live.ns.isOver) return;
        // During the sign-in, or while a reading is under way, it waits on.
        if (this.#isRefreshing || core.live !== live) this.#schedule(core, failures);
        else void this.#refresh(core, live);
      },
      core.timeouts.refresh * 4 ** failures,
    );
    this.#timer.unref();
  }

  /** Reads the lists again. A failure leaves the old lists; it is tried again a few times, and the session goes on. */
  async #refresh(core: Core, live: Live): Promise<void> {
    this.#isRefreshing = true;
    const { version } = this.#book;
    try {
      const lists = await this.#book.read(live, "Timer");
      if (core.live !== live) return;
      // What was changed here in the meantime may be missing in it.
      if (version !== this.#book.version) this.#schedule(core, 0);
      else await this.#take(core, live, () => this.#book.apply(core, lists));
    } catch (error) {
      core.options.trace?.("<<<", "SOAP", `The lists could not be read again: ${describeError(error)}`);
      if (this.#failures < MAX_RETRIES) this.#schedule(core, this.#failures + 1);
    } finally {
      this.#isRefreshing = false;
    }
  }

  /** Applies what was read and tells the server of who is new on its lists. */
  async #take(core: Core, live: Live, apply: () => void): Promise<void> {
    const before = new Map(core.contacts.all);
    apply();
    const bitsBefore = (contact: MsnContact): number =>
      entryOf({ ...contact, lists: before.get(contact.email)?.lists ?? listsOf(0) }).bits;
    const news = [...core.contacts.all.values()].map((contact) => {
      const entry = entryOf(contact);
      return { ...entry, bits: entry.bits & ~bitsBefore(contact) };
    });
    for (const payload of this.#form.changes(news)) {
      await tolerated(core, live, live.ns.request("ADL", [], { payload }));
    }
  }
}

/** A server may refuse to be told what it knows already, or pass it over; that is no reason not to sign in. */
async function tolerated(core: Core, { ns }: Live, request: Promise<Command>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ServerError) && !isSilence(error, ns)) throw error;
    core.options.trace?.("<<<", "NS", describeError(error));
  }
}

function isListNotice(command: Command): boolean {
  try {
    return find(parseXml(command.payload ?? ""), "NOTIFICATION")?.attributes.siteid === ADDRESS_BOOK_SITE;
  } catch {
    return false;
  }
}

export function soapLists(form: ListForm = BY_DOMAIN): ListStrategy {
  return new SoapLists(form);
}
