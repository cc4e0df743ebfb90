import { randomUUID } from "node:crypto";
import { COMMANDS } from "../../bridge/commands/commands.ts";
import type { ArgSpec, Command } from "../../bridge/commands/registry.ts";
import type { CommandServices } from "../../bridge/commands/services.ts";
import { BridgeError } from "../../bridge/errors.ts";
import { AVAILABILITIES, type ResidentId, type RoomId, roomId } from "../../bridge/model.ts";
import type { GhostJids } from "../convert/ghost.ts";
import type { BareJid, Jid } from "../jid.ts";
import { type Field, form, readForm, resultForm } from "../stanza/form.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";

export interface AdHocOptions {
  readonly names: GhostJids;
  /** Has a line stored, to be run in its turn; the answer comes through {@link AdHocCommands.answer}. Rejects with BridgeError. */
  readonly run: (o: { from: Jid; resident: ResidentId; line: string; room: RoomId; id: string }) => Promise<void>;
  /** How long an answer is waited for, ms. */
  readonly waitMs: number;
}

/** Commands whose answers are waited for at once. */
const LIMIT = 1000;
const LATER = "This takes a while; the answer comes as a message.";

/** The registry's commands as ad-hoc commands (XEP-0050): a form for their arguments, and their answers. */
export class AdHocCommands {
  readonly #o: AdHocOptions;
  readonly #waiting = new Map<RoomId, (text: string) => void>();

  constructor(options: AdHocOptions) {
    this.#o = options;
  }

  /** For disco#items of the commands' node. */
  items(): XmlElement[] {
    return COMMANDS.map(({ name, summary }) =>
      el("item", { jid: this.#o.names.gateway, node: name, name: `${name}: ${summary}` }),
    );
  }

  find(node: string | undefined): Command<CommandServices> | undefined {
    return COMMANDS.find(({ name }) => name === node);
  }

  /** True: an answer to a command that waits for it. */
  answer(room: RoomId, text: string): boolean {
    const settle = this.#waiting.get(room);
    settle?.(text);
    return settle !== undefined;
  }

  /** One step. @throws BridgeError what the person did wrong, or what stands in the way. */
  async step(command: XmlElement, from: Jid, resident: ResidentId, who: BareJid): Promise<XmlElement> {
    const { node, action } = command.attrs;
    const sessionid = command.attrs.sessionid ?? randomUUID();
    const found = this.find(node);
    if (!found) throw new BridgeError("bad-input", { detail: "there is no such command" });
    if (action === "cancel") return el("command", { xmlns: NS.commands, node, sessionid, status: "canceled" });
    const filled = readForm(command);
    if (found.args.length > 0 && filled === undefined) return this.#ask(found, sessionid);
    const line = lineOf(found, filled ?? new Map());
    const text = await this.#run(from, resident, who, line, sessionid);
    return el(
      "command",
      { xmlns: NS.commands, node, sessionid, status: "completed" },
      el("note", { type: "info" }, text),
      resultForm(found.summary, [{ name: "answer", label: found.name, value: text }]),
      oobOf(text),
    );
  }

  #ask(found: Command<CommandServices>, sessionid: string): XmlElement {
    return el(
      "command",
      { xmlns: NS.commands, node: found.name, sessionid, status: "executing" },
      el("actions", { execute: "complete" }, el("complete")),
      form(found.name, found.summary, found.args.map(fieldOf)),
    );
  }

  async #run(from: Jid, resident: ResidentId, who: BareJid, line: string, session: string): Promise<string> {
    if (this.#waiting.size >= LIMIT) throw new BridgeError("home-busy");
    const id = randomUUID();
    const room = roomId(`${this.#o.names.gateway} ${who} ${id}`);
    const answered = Promise.withResolvers<string>();
    this.#waiting.set(room, answered.resolve);
    const timer = setTimeout(() => answered.resolve(LATER), this.#o.waitMs);
    try {
      await this.#o.run({ from, resident, line, room, id: session.slice(0, 100) });
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

function fieldOf({ name, kind, help, optional, choices }: ArgSpec): Field {
  const words = kind === "availability" ? [...AVAILABILITIES, "automatic"] : (choices ?? []);
  const options = words.map((value) => ({ value, label: value.replaceAll("-", " ") }));
  const required = optional !== true;
  if (options.length === 0) return { name, type: "text-single", label: name, help, required };
  const none = { value: "", label: "–" };
  return { name, type: "list-single", label: name, help, required, options: required ? options : [none, ...options] };
}

/** The line that a person would have typed. */
function lineOf({ name, args }: Command<CommandServices>, filled: ReadonlyMap<string, string>): string {
  const words = args.map((arg) => (filled.get(arg.name) ?? "").replaceAll(/\s+/g, " ").trim());
  return [name, ...words.filter((word) => word !== "")].join(" ");
}
