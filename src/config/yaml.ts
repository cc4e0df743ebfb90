/**
 * YAML file + environment -> checked value. Every fault of a file is found in one go and named by file, line, key and,
 * for a misspelt key, the nearest right spelling (design §8).
 */
import { readFileSync, statSync } from "node:fs";
import { type Document, isMap, isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { nearest } from "../bridge/nearest.ts";
import { envName, leaves, type OutlineKey, outline } from "./outline.ts";

/** One fault. `where` is `file:line` or the environment variable; `key` is empty for a fault of the file as a whole. */
export interface Problem {
  readonly where: string;
  readonly key: string;
  readonly text: string;
}

/** All that is wrong with the settings; `message` has one line per fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((p) => `${p.where}: ${p.key === "" ? "" : `${p.key}: `}${p.text}`).join("\n"));
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const MAX_FILE_BYTES = 1_000_000;

type Path = readonly PropertyKey[];

interface Source {
  readonly file: string;
  readonly doc: Document;
  readonly lines: LineCounter;
  /** Which environment variable gave the value at a path (joined by `.`). */
  readonly fromEnv: Map<string, string>;
}

/**
 * The text of a file. `what` names it for the reader of the error.
 * @throws ConfigError when it cannot be read or is larger than 1 MB.
 */
export function readText(file: string, what: string): string {
  const fail = (text: string): never => {
    throw new ConfigError([{ where: file, key: "", text }]);
  };
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return fail(`is larger than 1 MB; is this ${what}?`);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return fail(`${what} is not there`);
    if (code === "EACCES") return fail(`${what} may not be read by this user`);
    return fail(`${what} cannot be read (${code ?? String(error)})`);
  }
}

/**
 * Reads and checks a YAML text. Environment variables `<prefix>_SECTION_KEY` win over the file; with `_FILE` behind, they
 * name a file that holds the value.
 * @throws ConfigError with every fault.
 */
export function checkYaml<S extends z.ZodType>(
  schema: S,
  input: { file: string; text: string; env: Environment; prefix: string },
): z.output<S> {
  const lines = new LineCounter();
  const doc = parseDocument(input.text, { lineCounter: lines, prettyErrors: false });
  if (doc.errors.length > 0) {
    throw new ConfigError(
      doc.errors.map((e) => ({
        where: `${input.file}:${lines.linePos(e.pos[0]).line}`,
        key: "",
        text: `not YAML: ${e.message}`,
      })),
    );
  }
  const keys = outline(schema);
  const source: Source = { file: input.file, doc, lines, fromEnv: new Map() };
  const value = withoutNulls(plain(doc, input.file) ?? {});
  const problems = overlay(value, keys, input.env, input.prefix, source.fromEnv);
  const checked = schema.safeParse(value, { reportInput: true });
  if (!checked.success) {
    for (const issue of checked.error.issues) problems.push(...explain(issue, keys, source));
  }
  if (problems.length > 0 || !checked.success) throw new ConfigError(problems.toSorted(byLine));
  return checked.data;
}

/** Environment variables that begin with the prefix and set nothing, with the likely meaning. */
export function strayVariables(schema: z.ZodType, env: Environment, prefix: string, known: RegExp): string[] {
  const names = leaves(outline(schema)).map((key) => envName(prefix, key.path));
  const all = new Set(names.flatMap((name) => [name, `${name}_FILE`]));
  return Object.keys(env)
    .filter((name) => name.startsWith(`${prefix}_`) && !all.has(name) && !known.test(name))
    .map((name) => {
      const meant = nearest(name, names);
      return `${name} is set but means nothing here${meant === undefined ? "" : `; did you mean ${meant}?`}`;
    });
}

function plain(doc: Document, file: string): unknown {
  try {
    return doc.toJS({ maxAliasCount: 50 });
  } catch (error) {
    // Aliases that multiply ("billion laughs") or that point nowhere.
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ where: file, key: "", text: `its aliases cannot be followed: ${why}` }]);
  }
}

function byLine(a: Problem, b: Problem): number {
  const line = (p: Problem): number => Number(/:(\d+)$/.exec(p.where)?.[1] ?? Number.MAX_SAFE_INTEGER);
  return line(a) - line(b);
}

/** A section whose keys are all commented out reads as null; it means the same as no section. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null && child !== undefined)
      .map(([key, child]) => [key, withoutNulls(child)]),
  );
}

function overlay(
  value: unknown,
  keys: readonly OutlineKey[],
  env: Environment,
  prefix: string,
  fromEnv: Map<string, string>,
): Problem[] {
  const problems: Problem[] = [];
  if (typeof value !== "object" || value === null) return problems;
  const all = leaves(keys).map((key) => ({ key, name: envName(prefix, key.path) }));
  const names = new Set(all.map(({ name }) => name));
  for (const { key, name } of all) {
    // A key like passwordFile has the variable that names a file for the password: that is read, and here is no more to do.
    if (name.endsWith("_FILE") && names.has(name.slice(0, -"_FILE".length))) continue;
    const direct = env[name];
    const file = env[`${name}_FILE`];
    if (direct === undefined && file === undefined) continue;
    if (direct !== undefined && file !== undefined) {
      problems.push({ where: name, key: key.path.join("."), text: `set twice: here and by ${name}_FILE` });
      continue;
    }
    try {
      const text = direct ?? readText(file ?? "", `the file that ${name}_FILE names`).trim();
      put(value as Record<string, unknown>, key.path, fromText(text, key.type));
      fromEnv.set(key.path.join("."), file === undefined ? name : `${name}_FILE`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  return problems;
}

function fromText(text: string, type: OutlineKey["type"]): unknown {
  if (type === "number" && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (type === "list") {
    return text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  return text;
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let section = target;
  for (const part of path.slice(0, -1)) {
    const next = section[part];
    if (typeof next !== "object" || next === null || Array.isArray(next)) section[part] = {};
    section = section[part] as Record<string, unknown>;
  }
  section[path.at(-1) ?? ""] = value;
}

function explain(issue: z.core.$ZodIssue, keys: readonly OutlineKey[], source: Source): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { where: locate(path, source), key: path.join("."), text: unknownKey(path, keys) };
    });
  }
  return [{ where: locate(issue.path, source), key: issue.path.join("."), text: wording(issue) }];
}

function unknownKey(path: Path, keys: readonly OutlineKey[]): string {
  const name = String(path.at(-1));
  const siblings = keysAt(path.slice(0, -1), keys);
  const beside = nearest(
    name,
    siblings.map((key) => String(key.path.at(-1))),
  );
  if (beside !== undefined) return `there is no such key; did you mean "${beside}"?`;
  const elsewhere = everyKey(keys).find((key) => key.path.at(-1) === name);
  if (elsewhere !== undefined) return `there is no such key here; did you mean "${elsewhere.path.join(".")}"?`;
  return `there is no such key; here can be: ${siblings.map((key) => key.path.at(-1)).join(", ")}`;
}

function everyKey(keys: readonly OutlineKey[]): OutlineKey[] {
  return keys.flatMap((key) => [key, ...everyKey(key.keys)]);
}

function keysAt(path: Path, keys: readonly OutlineKey[]): readonly OutlineKey[] {
  let level = keys;
  // Of a list of sections each has the same keys.
  for (const part of path.filter((one) => typeof one !== "number"))
    level = level.find((key) => key.path.at(-1) === part)?.keys ?? [];
  return level;
}

const NOUNS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a section with keys",
};

function wording(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.message.endsWith("received undefined")
        ? "is missing"
        : `must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case "invalid_value": {
      const words = issue.values.map(String);
      const meant = typeof issue.input === "string" ? nearest(issue.input, words) : undefined;
      return `must be one of ${words.join(", ")}${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
    }
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? "must not be empty"
        : `must be at least ${String(issue.minimum)}`;
    case "too_big":
      return issue.origin === "string" ? "is too long" : `must be at most ${String(issue.maximum)}`;
    default:
      return issue.message;
  }
}

/** `file:line` of the value at a path, or of the nearest section around it; or the variable that set it. */
function locate(path: Path, source: Source): string {
  for (let depth = path.length; depth > 0; depth--) {
    const variable = source.fromEnv.get(path.slice(0, depth).join("."));
    if (variable !== undefined) return variable;
    const line = lineOf(path.slice(0, depth), source);
    if (line !== undefined) return `${source.file}:${line}`;
  }
  return `${source.file}:1`;
}

function lineOf(path: Path, source: Source): number | undefined {
  const parent = path.length === 1 ? source.doc.contents : source.doc.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  // The key's own line, not the value's: a section's value begins one line further down.
  if (isMap(parent)) {
    const pair = parent.items.find((item) => String(item.key) === last);
    const range = pair !== undefined && isNode(pair.key) ? pair.key.range : undefined;
    return range ? source.lines.linePos(range[0]).line : undefined;
  }
  const node = source.doc.getIn(path, true);
  return isNode(node) && node.range ? source.lines.linePos(node.range[0]).line : undefined;
}
