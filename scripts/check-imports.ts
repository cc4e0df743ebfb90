/**
 * The import rule: which room of src/ may name which, and which packages each may use. Source: design §3.
 * Run it alone with `node scripts/check-imports.ts`; `npm run check` runs it, too.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { findImports, type ImportSite } from "./lib/source-scan.ts";

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

interface Room {
  /** Rooms of src/ that it may import besides itself; "*" for all. */
  readonly rooms: readonly string[];
  /** Packages that it may import; Node's own modules are always allowed. */
  readonly packages: readonly string[];
}

/** Packages that only print or check values: any room of the product may use them, the library may not. */
const COMMON = ["pino"];

export const ROOMS: Readonly<Record<string, Room>> = {
  msnp: { rooms: [], packages: ["saxes", "socks", "undici"] },
  bridge: { rooms: [], packages: COMMON },
  msn: { rooms: ["msnp", "bridge"], packages: COMMON },
  matrix: {
    rooms: ["bridge"],
    packages: [...COMMON, "htmlparser2", "matrix-appservice-bridge", "undici", "yaml"],
  },
  xmpp: { rooms: ["bridge"], packages: [...COMMON, "@xmpp/client", "@xmpp/component", "saxes"] },
  store: { rooms: ["bridge"], packages: [...COMMON, "ioredis"] },
  web: {
    rooms: ["bridge"],
    packages: [...COMMON, "fastify", "@fastify/cookie", "@fastify/formbody", "@fastify/helmet", "prom-client"],
  },
  config: { rooms: ["bridge"], packages: [...COMMON, "yaml", "zod"] },
  cli: {
    rooms: ["*"],
    packages: [...COMMON, "@xmpp/client", "commander", "ioredis", "playwright-core", "yaml"],
  },
};

/** The core must not know who sits at either end of it. */
const NAMED_IN_CORE = /\b(?:matrix|xmpp)\w*/i;

/** Checks all of <root>/src; empty when the rule holds. */
export function checkImports(root: string): Violation[] {
  const src = join(root, "src");
  const files = globSync("**/*.{ts,mts,cts,js,mjs,cjs}", { cwd: src }).sort();
  return files.flatMap((file) => checkFile(src, file));
}

function checkFile(src: string, file: string): Violation[] {
  const room = file.split(sep)[0] ?? "";
  const shown = `src/${file.replaceAll(sep, "/")}`;
  const rule = ROOMS[room];
  if (rule === undefined) {
    return [{ file: shown, line: 1, text: `${room} is no room of src/; rooms: ${Object.keys(ROOMS).join(", ")}` }];
  }
  const source = readFileSync(join(src, file), "utf8");
  const violations = findImports(source).flatMap((site) => {
    const text = faultOf(site, { src, file, room, rule });
    return text === undefined ? [] : [{ file: shown, line: site.line, text }];
  });
  return room === "bridge" ? [...violations, ...namesInCore(shown, source)] : violations;
}

function faultOf(
  site: ImportSite,
  { src, file, room, rule }: { src: string; file: string; room: string; rule: Room },
): string | undefined {
  const { specifier } = site;
  if (specifier === undefined) return `imports a computed path, which cannot be checked: name the module`;
  if (specifier.startsWith("node:")) return undefined;
  if (!specifier.startsWith(".") && !specifier.startsWith("/")) {
    const name = packageOf(specifier);
    if (rule.packages.includes(name)) return undefined;
    return `src/${room} imports the package ${name}; it may import: ${list(rule.packages)} (and node:)`;
  }
  const target = relative(src, resolve(src, dirname(file), specifier));
  const targetRoom = target.split(sep)[0] ?? "";
  if (targetRoom === "..") return `imports ${specifier}, which lies outside src/`;
  if (targetRoom === room || rule.rooms.includes(targetRoom) || rule.rooms.includes("*")) return undefined;
  return `src/${room} imports src/${targetRoom} (${specifier}); of src/ it may import: ${list([room, ...rule.rooms])}`;
}

function namesInCore(file: string, source: string): Violation[] {
  return source.split("\n").flatMap((text, index) => {
    const named = NAMED_IN_CORE.exec(text)?.[0];
    if (named === undefined) return [];
    return [{ file, line: index + 1, text: `src/bridge names "${named}": it must not know who implements its ports` }];
  });
}

/** "@scope/name/sub" -> "@scope/name" */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

if (import.meta.main) {
  const violations = checkImports(resolve(import.meta.dirname, ".."));
  for (const { file, line, text } of violations) console.log(`${file}:${line} ${text}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
