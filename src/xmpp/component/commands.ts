import { randomUUID } from "node:crypto";
import { COMMANDS } from "../../bridge/commands/commands.ts";
import type { ArgSpec, Command } from "../../bridge/commands/registry.ts";
import { ACCOUNT, type CommandServices } from "../../bridge/commands/services.ts";
import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import { AVAILABILITIES, parseContactAddress, type ResidentId, type RoomId, roomId } from "../../bridge/model.ts";
import type { GhostJids } from "../convert/ghost.ts";
import { type BareJid, type Jid, readJid } from "../jid.ts";
import { type Field, form, readForm, resultForm } from "../stanza/form.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";

export interface AdHocOptions {
  readonly names: GhostJids;
  /** Addresses of the accounts that a person has linked. */
  readonly accounts: (resident: ResidentId) => readonly string[];
  /** Has a line stored, to be run in its turn; the answer comes through {@link AdHocCommands.answer}. Rejects with BridgeError. */
  readonly run: (o: { from: Jid; resident: ResidentId; line: string; room: RoomId; id: string }) => Promise<void>;
  /** How long an answer is waited for, ms. */
  readonly waitMs: number;
}

/** Commands whose answers are waited for at once, in all and of one person. */
const LIMIT = 1000;
const LIMIT_EACH = 10;
/** What a client may do in a step (XEP-0050 §4.2); none of it is to go on. */
const ACTIONS = new Set([undefined, "execute", "complete", "next", "prev"]);
const LONGEST_SESSION = 100;
const LATER = "This takes a while; the answer comes as a message.";

/** The registry's commands as ad-hoc commands (XEP-0050): a form for their arguments, and their answers. */
export class AdHocCommands {
  readonly #o: AdHocOptions;
  readonly #waiting = new Map<RoomId, { readonly who: BareJid; readonly settle: (text: string) => void }>();

  constructor(options: AdHocOptions) {
    this.#o = options;
  }

  /** For disco#items of the commands' node: those that make sense for a person. */
  items(resident: ResidentId): XmlElement[] {
    const isLinked = this.#o.accounts(resident).length > 0;
    return COMMANDS.filter(({ needsAccount }) => isLinked || !needsAccount).map(({ name, summary }) =>
      el("item", { jid: this.#o.names.gateway, node: name, name: `${name}: ${summary}` }),
    );
  }

  find(node: string | undefined): Command<CommandServices> | undefined {
    return COMMANDS.find(({ name }) => name === node);
  }

  /** True: an answer to a command that waits for it. */
  answer(room: RoomId, text: string): boolean {
    const waiting = this.#waiting.get(room);
    waiting?.settle(text);
    return waiting !== undefined;
  }

  /**
   * One step; `undefined`: there is no such command. Nothing is kept between the steps: the form brings all that is needed.
   * @throws BridgeError what the client did wrong, or what stands in the way.
   */
  async step(command: XmlElement, from: Jid, resident: ResidentId, who: BareJid): Promise<XmlElement | undefined> {
    const { node, action } = command.attrs;
    const sessionid = command.attrs.sessionid?.slice(0, LONGEST_SESSION) ?? randomUUID();
    const found = this.find(node);
    if (!found) return undefined;
    if (action === "cancel") return el("command", { xmlns: NS.commands, node, sessionid, status: "canceled" });
    if (!ACTIONS.has(action)) throw new BridgeError("bad-input", { detail: "a command has no such action" });
    const filled = this.#read(found, readForm(command));
    if (found.args.length > 0 && (filled === undefined || action === "prev"))
      return this.#ask(found, sessionid, resident, filled ?? new Map());
    const isOnly = this.#o.accounts(resident).length === 1;
    const wrong = problemOf(found, filled ?? new Map(), isOnly);
    if (wrong !== undefined) return this.#ask(found, sessionid, resident, filled ?? new Map(), wrong);
    const line = lineOf(found, filled ?? new Map(), isOnly);
    const text = await this.#run(from, resident, who, line, sessionid);
    return el(
      "command",
      { xmlns: NS.commands, node, sessionid, status: "completed" },
      el("note", { type: "info" }, text),
      resultForm(found.summary, [{ name: "answer", label: found.name, value: text }]),
      oobOf(text),
    );
  }

  /** The form, with what was filled in already, and what was wrong with it. */
  #ask(found: Command<CommandServices>, sessionid: string, resident: ResidentId, filled: Filled, wrong?: string) {
    const accounts = this.#o.accounts(resident);
    const fields = found.args.flatMap((arg) => fieldOf(arg, accounts, filled.get(arg.name)) ?? []);
    return el(
      "command",
      { xmlns: NS.commands, node: found.name, sessionid, status: "executing" },
      el("actions", { execute: "complete" }, el("complete")),
      form(found.name, found.summary, fields),
      wrong === undefined ? undefined : el("note", { type: "error" }, wrong),
    );
  }

  /** What was filled in, each as it would be typed: one line, and a contact by their address instead of their JID. */
  #read({ args }: Command<CommandServices>, filled: Filled | undefined): Filled | undefined {
    if (filled === undefined) return undefined;
    return new Map(
      args.map(({ name, kind }) => {
        const value = (filled.get(name) ?? "").replaceAll(/\s+/g, " ").trim();
        const jid = kind === "contact" ? readJid(value) : undefined;
        return [name, (jid && this.#o.names.parse(jid)?.contact) ?? value];
      }),
    );
  }

  async #run(from: Jid, resident: ResidentId, who: BareJid, line: string, session: string): Promise<string> {
    const mine = [...this.#waiting.values()].filter((one) => one.who === who).length;
    if (this.#waiting.size >= LIMIT || mine >= LIMIT_EACH) throw new BridgeError("home-busy");
    const id = randomUUID();
    const room = roomId(`${this.#o.names.gateway} ${who} ${id}`);
    const answered = Promise.withResolvers<string>();
    this.#waiting.set(room, { who, settle: answered.resolve });
    const timer = setTimeout(() => answered.resolve(LATER), this.#o.waitMs);
    timer.unref();
    try {
      await this.#o.run({ from, resident, line, room, id: session });
      return await answered.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(room);
    }
  }
}

/** The address in an answer that stands alone on its line, to be opened with a click (XEP-0066). */
export function linkIn(text: string): string | undefined {
  return /^https?:\/\/\S+$/m.exec(text)?.[0];
}

function oobOf(text: string): XmlElement | undefined {
  const url = linkIn(text);
  return url === undefined ? undefined : el("x", { xmlns: NS.oob }, el("url", {}, url));
}

type Filled = ReadonlyMap<string, string>;

/** `undefined`: there is nothing to choose. */
function fieldOf(arg: ArgSpec, accounts: readonly string[], value = ""): Field | undefined {
  const { name, help } = arg;
  const required = arg.optional !== true;
  const field = { name, label: name, help, required, ...(value === "" ? {} : { value }) };
  if (arg === ACCOUNT) {
    const [only, second] = accounts;
    if (only === undefined) return undefined;
    const options = accounts.map((address) => ({ value: address, label: address }));
    if (second === undefined) return { ...field, type: "list-single", options, value: only };
    return { ...field, type: "list-single", options: [NONE, ...options] };
  }
  const options = choicesOf(arg).map((word) => ({ value: word, label: word.replaceAll("-", " ") }));
  if (options.length === 0) return { ...field, type: "text-single" };
  return { ...field, type: "list-single", options: required ? options : [NONE, ...options] };
}

const NONE = { value: "", label: "–" };

function choicesOf({ kind, choices }: ArgSpec): readonly string[] {
  return kind === "availability" ? [...AVAILABILITIES, "automatic"] : (choices ?? []);
}

/** What of a form has to be mended before the command can be run. */
function problemOf({ args }: Command<CommandServices>, filled: Filled, isOnly: boolean): string | undefined {
  for (const arg of args) {
    const value = filled.get(arg.name) ?? "";
    const choices = choicesOf(arg);
    // In one line, an account behind a contact that is left out would be taken for the contact.
    const isBefore = arg !== ACCOUNT && arg.kind === "contact" && (filled.get(ACCOUNT.name) ?? "") !== "" && !isOnly;
    if (value === "" && (!arg.optional || isBefore)) return `Fill in: ${arg.name} (${arg.help}).`;
    if (value !== "" && choices.length > 0 && !choices.includes(value))
      return `${arg.name} is one of ${choices.join(", ")}.`;
    if (value !== "" && arg.kind === "contact") {
      try {
        parseContactAddress(value);
      } catch (error) {
        return asBridgeError(error).person;
      }
    }
  }
  return undefined;
}

/** The line that a person would have typed. `isOnly`: they have one account, and need not name it. */
function lineOf({ name, args }: Command<CommandServices>, filled: Filled, isOnly: boolean): string {
  const words = args.map((arg, i) => {
    const value = arg === ACCOUNT && isOnly ? "" : (filled.get(arg.name) ?? "");
    const isFollowed = args.slice(i + 1).some((later) => (filled.get(later.name) ?? "") !== "");
    return arg.kind === "name" ? quoted(value, isFollowed) : value;
  });
  return [name, ...words.filter((word) => word !== "")].join(" ");
}

/** A name of several words is one piece, and one that is left out keeps its place. */
function quoted(value: string, isFollowed: boolean): string {
  const plain = value.replaceAll('"', "");
  if (plain === "") return isFollowed ? '""' : "";
  return plain.includes(" ") ? `"${plain}"` : plain;
}
