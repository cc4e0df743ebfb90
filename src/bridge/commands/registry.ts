/**
 * The one registry of commands: declared once, rendered as the bot's text, its help and docs/commands.md (design §6).
 * Later renderings (forms, HTTP, CLI) come from the same declarations.
 */
import { BridgeError } from "../errors.ts";
import type { AccountRecord, Availability, ContactAddress, ResidentId, RoomId } from "../model.ts";
import { AVAILABILITIES, parseContactAddress } from "../model.ts";
import { nearest } from "../nearest.ts";

/**
 * What an argument may be; the parsed type of each is in {@link Parsed}. `choice`: one of {@link ArgSpec.choices}; `name`: one
 * word, or several in double quotes (`""`: left out).
 */
export type ArgKind = "contact" | "availability" | "choice" | "rest" | "word" | "name";

interface Parsed {
  contact: ContactAddress;
  availability: Availability | "automatic";
  choice: string;
  rest: string;
  word: string;
  name: string;
}

export interface ArgSpec {
  readonly name: string;
  readonly kind: ArgKind;
  /** The words that may stand for a `choice`, in lower case. */
  readonly choices?: readonly string[];
  readonly optional?: true;
  /** Of a `word` behind a `name`: what it looks like, so that the name before it needs no quotes. */
  readonly looks?: RegExp;
  readonly help: string;
}

type Args<S extends readonly ArgSpec[]> = {
  readonly [A in S[number] as A["name"]]: A extends { optional: true } ? Value<A> | undefined : Value<A>;
};

type Value<A extends ArgSpec> = A extends { choices: readonly (infer C)[] } ? C : Parsed[A["kind"]];

/** Who asks, and from where. */
export interface CommandContext<Services> {
  readonly resident: ResidentId;
  /** The resident's accounts, oldest first. */
  readonly accounts: readonly AccountRecord[];
  /** Where it was said; absent: nowhere that is a room. */
  readonly room?: RoomId;
  /** Settles when it is noted that the command was carried out, so that it is not after a crash; absent: it never is again. */
  readonly noted?: Promise<void>;
  readonly services: Services;
}

export interface Command<Services> {
  readonly name: string;
  readonly args: readonly ArgSpec[];
  readonly summary: string;
  /** Whether it makes sense only with an account. */
  readonly needsAccount: boolean;
  /** The answer, for a person; lines separated by `\n`. */
  readonly run: (context: CommandContext<Services>, line: string) => Promise<string>;
}

/** Declares a command; the arguments of `run` are typed by the declaration. */
export function command<Services, const S extends readonly ArgSpec[]>(spec: {
  name: string;
  args: S;
  summary: string;
  needsAccount?: boolean;
  run: (context: CommandContext<Services>, args: Args<S>) => Promise<string>;
}): Command<Services> {
  return {
    name: spec.name,
    args: spec.args,
    summary: spec.summary,
    needsAccount: spec.needsAccount ?? true,
    run: (context, line) => spec.run(context, parseArgs(spec.args, line) as Args<S>),
  };
}

export class CommandRegistry<Services> {
  readonly #commands: ReadonlyMap<string, Command<Services>>;

  constructor(commands: readonly Command<Services>[]) {
    this.#commands = new Map(commands.map((one) => [one.name, one]));
    if (this.#commands.size !== commands.length)
      throw new BridgeError("internal", { detail: "two commands share a name" });
  }

  all(): Command<Services>[] {
    return [...this.#commands.values()];
  }

  /**
   * Runs one line. Bad input and failures become the answer's text; what passes by itself on the bridge's own side
   * (`now` errors, a home that is down) is thrown, to be tried again, and so is what is a defect.
   */
  async run(line: string, context: CommandContext<Services>): Promise<string> {
    const [word = "", rest = ""] = splitWord(line.trim().replace(/^[!/]/, ""));
    const found = this.#commands.get(word.toLowerCase());
    if (!found) return unknownCommand(word, this.all());
    if (found.needsAccount && context.accounts.length === 0) return new BridgeError("not-linked").person;
    try {
      return await found.run(context, rest);
    } catch (error) {
      if (!(error instanceof BridgeError) || error.code === "internal") throw error;
      if (error.retry === "now" || error.code === "home-down") throw error;
      if (error.code === "bad-input") return `${error.person}\nUsage: \`${usage(found)}\`${more(found)}`;
      return error.person;
    }
  }
}

/** `name <needed> [optional]`. */
export function usage(one: Pick<Command<never>, "name" | "args">): string {
  return [one.name, ...one.args.map((arg) => (arg.optional ? `[${arg.name}]` : `<${arg.name}>`))].join(" ");
}

/** A command with all that may stand behind it; for `help <command>`. */
export function explained(one: Pick<Command<never>, "name" | "args" | "summary">): string {
  return [`\`${usage(one)}\`: ${one.summary}`, ...one.args.map(({ name, help }) => `• ${name}: ${help}`)].join("\n");
}

function more({ name, args }: Pick<Command<never>, "name" | "args">): string {
  return args.length === 0 ? "" : `. \`help ${name}\` says what each word means.`;
}

function unknownCommand<S>(word: string, commands: readonly Command<S>[]): string {
  if (word === "") return "Say `help` for what I can do.";
  const meant = meantBy(word, commands);
  // Not said once more: it may have been a password.
  return `I do not know that command.${meant ? ` Did you mean \`${meant}\`?` : ""} Say \`help\` for what I can do.`;
}

/** The command that somebody may have meant by a word that is none. */
export function meantBy(word: string, commands: readonly Pick<Command<never>, "name">[]): string | undefined {
  const names = commands.map((one) => one.name);
  return names.find((name) => name.startsWith(word.toLowerCase())) ?? nearest(word, names);
}

function splitWord(text: string): [string, string] {
  const match = /^(\S*)\s*([\s\S]*)$/.exec(text);
  return [match?.[1] ?? "", match?.[2] ?? ""];
}

function parseArgs(specs: readonly ArgSpec[], line: string): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  let left = line.trim();
  for (const [i, spec] of specs.entries()) {
    const [word, rest] = splitArg(spec.kind, left, specs[i + 1]?.looks);
    // An address that may be left out is left out when what stands there has no @ and something else may follow.
    if (spec.kind === "contact" && spec.optional && i < specs.length - 1 && !word.includes("@")) continue;
    left = rest;
    if (word === "") {
      if (!spec.optional) throw new BridgeError("bad-input", { detail: `${spec.name} is missing${oneOf(spec)}` });
      out[spec.name] = undefined;
    } else out[spec.name] = parseArg(spec, word);
  }
  if (left !== "") throw new BridgeError("bad-input", { detail: `there is too much after it: "${left.slice(0, 40)}"` });
  return out;
}

function oneOf({ choices }: ArgSpec): string {
  return choices === undefined ? "" : `: say one of ${choices.join(", ")}`;
}

/** Phones write quotes of many kinds. */
const QUOTES = '["“”„«»]';
const INSIDE = '[^"“”„«»]*';
const QUOTED = new RegExp(`^${QUOTES}(${INSIDE})${QUOTES}(?:\\s+|$)([\\s\\S]*)$`);
const PIECE = new RegExp(`${QUOTES}(${INSIDE})${QUOTES}|(\\S+)`, "g");

/** A name that stands alone needs no quotes, and may have them; nothing is `undefined`. */
export function unquoted(text: string | undefined): string | undefined {
  const plain = (text ?? "").trim();
  const [, name, more] = QUOTED.exec(plain) ?? [];
  const bare = (name !== undefined && more === "" ? name : plain).trim();
  return bare === "" ? undefined : bare;
}

/** The words of one argument, and what stands behind them; `behind`: what the argument that may follow a name looks like. */
function splitArg(kind: ArgKind, text: string, behind: RegExp | undefined): [string, string] {
  if (kind === "rest") return [text, ""];
  if (kind !== "name") return splitWord(text);
  const quoted = QUOTED.exec(text);
  if (quoted) return [(quoted[1] ?? "").trim(), quoted[2] ?? ""];
  // A number in `portals` is whole.
  if (behind === undefined || /^\d{1,4}\s/.test(text)) return splitWord(text);
  const [, name = "", last = ""] = /^(\S+(?:\s+\S+)*?)\s+(\S+)$/.exec(text) ?? [];
  return behind.test(last) ? [name, last] : [text, ""];
}

function parseArg(spec: ArgSpec, word: string): Parsed[ArgKind] {
  // Several addresses may be written with commas between them.
  if (spec.kind === "contact") return parseContactAddress(word.replace(/[,;]+$/, ""));
  if (spec.kind === "availability") return parseAvailability(word);
  if (spec.kind === "choice") return parseChoice(spec.choices ?? [], word);
  return word;
}

function parseChoice(choices: readonly string[], word: string): string {
  const found = choices.find((one) => one === word.toLowerCase());
  if (found) return found;
  throw new BridgeError("bad-input", { detail: `"${word.slice(0, 40)}" is not one of ${choices.join(", ")}` });
}

/** Splits a line at blanks; what stands in double quotes is one piece. */
export function pieces(line: string): string[] {
  return [...line.matchAll(PIECE)].map(([, quoted, word]) => quoted ?? word ?? "");
}

function parseAvailability(word: string): Availability | "automatic" {
  const wanted = word.toLowerCase();
  if (wanted === "automatic" || wanted === "auto") return "automatic";
  const found = AVAILABILITIES.find((one) => one === wanted);
  if (!found)
    throw new BridgeError("bad-input", {
      detail: `"${word.slice(0, 40)}" is not one of ${AVAILABILITIES.join(", ")}, automatic`,
    });
  return found;
}
