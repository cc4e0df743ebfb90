/** A schema as a plain tree of keys, for the loader's hints, environment names, the sample file and the docs. */
import { z } from "zod";

/** One key of a schema: a section with keys of its own, or a value. */
export interface OutlineKey {
  readonly path: readonly string[];
  readonly description: string;
  /** Keys below, for a section; for a list of sections, those of each. */
  readonly keys: readonly OutlineKey[];
  readonly required: boolean;
  /** What kind of value, in words for people. */
  readonly kind: string;
  readonly type: "section" | "string" | "number" | "boolean" | "list";
  /** The default; undefined when there is none. */
  readonly fallback: unknown;
  readonly example: unknown;
}

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly example?: unknown;
  /** A section that may be left out, and seldom is: its keys are shown as what must be set. */
  readonly isUsual?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

function kindOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(", ");
  if (schema.type === "array") return "list";
  if (schema.type === "boolean") return "`true` or `false`";
  if (schema.type === "integer" || schema.type === "number") {
    const noun = schema.type === "integer" ? "whole number" : "number";
    return schema.minimum === undefined ? noun : `${noun}, ${schema.minimum} to ${schema.maximum ?? "any"}`;
  }
  return "text";
}

function typeOf(schema: JsonSchema): OutlineKey["type"] {
  if (schema.properties !== undefined) return "section";
  if (schema.type === "array") return "list";
  if (schema.type === "boolean") return "boolean";
  return schema.type === "integer" || schema.type === "number" ? "number" : "string";
}

function keysOf(schema: JsonSchema, path: readonly string[], isOptional = false): OutlineKey[] {
  return Object.entries(schema.properties ?? {}).map(([name, child]) => {
    const here = [...path, name];
    const section = child.properties !== undefined;
    const isNamed = (schema.required ?? []).includes(name);
    return {
      path: here,
      description: child.description ?? "",
      // What a section cannot do without is still no duty where the section may be left out.
      keys: keysOf(
        child.items ?? child,
        here,
        isOptional || (section && !isNamed && child.default === undefined && child.isUsual !== true),
      ),
      required: isNamed && child.default === undefined && !isOptional,
      kind: section ? "section" : kindOf(child),
      type: typeOf(child),
      fallback: section ? undefined : child.default,
      example: child.example,
    };
  });
}

/** The keys of an object schema, in the order in which they are declared. */
export function outline(schema: z.ZodType): OutlineKey[] {
  // `input`: what an operator writes, before transforms.
  return keysOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema, []);
}

/** All keys that hold a value, at any depth. */
export function leaves(keys: readonly OutlineKey[]): OutlineKey[] {
  return keys.flatMap((key) => (key.type === "section" ? leaves(key.keys) : [key]));
}

/** The environment variable for a key: `web.publicUrl` is `MSNBRIDGE_WEB_PUBLIC_URL`. */
export function envName(prefix: string, path: readonly string[]): string {
  const words = path.map((part) =>
    part
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replaceAll("-", "_")
      .toUpperCase(),
  );
  return [prefix, ...words].join("_");
}
