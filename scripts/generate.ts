/**
 * Files that are made from declarations in the code: `node scripts/generate.ts` writes them, `--check` fails when one is
 * stale. The declarations: the config schemas, the table of metrics, the catalogue of errors, the registry of commands, the
 * table of exit codes, the table of dialects, the golden tables of the texts.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandDocs } from "./lib/generate/commands.ts";
import { configDocs, sampleConfig } from "./lib/generate/config.ts";
import { dialectTable } from "./lib/generate/dialects.ts";
import { errorDocs } from "./lib/generate/errors.ts";
import { exitCodeTable } from "./lib/generate/exit-codes.ts";
import { mappingDocs } from "./lib/generate/mapping.ts";
import { metricDocs } from "./lib/generate/metrics.ts";
import { between } from "./lib/generate/text.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Generated {
  readonly file: string;
  /** The whole file; `before` is what is there now. */
  readonly make: (before: string) => string;
}

export const GENERATED: readonly Generated[] = [
  { file: "config/config.sample.yaml", make: sampleConfig },
  { file: "docs/config.md", make: configDocs },
  { file: "docs/metrics.md", make: metricDocs },
  { file: "docs/errors.md", make: errorDocs },
  { file: "docs/commands.md", make: commandDocs },
  { file: "docs/mapping.md", make: mappingDocs },
  { file: "docs/dialects.md", make: (before) => between(before, "dialects", dialectTable()) },
  { file: "docs/operators.md", make: (before) => between(before, "exit codes", exitCodeTable()) },
];

function read(file: string): string {
  try {
    return readFileSync(join(ROOT, file), "utf8");
  } catch {
    return "";
  }
}

/** Files whose text is not what the declarations say. */
export function staleFiles(): string[] {
  return GENERATED.filter(({ file, make }) => {
    const before = read(file);
    return make(before) !== before;
  }).map(({ file }) => file);
}

function writeAll(): void {
  for (const { file, make } of GENERATED) {
    const before = read(file);
    const text = make(before);
    if (text === before) continue;
    mkdirSync(dirname(join(ROOT, file)), { recursive: true });
    writeFileSync(join(ROOT, file), text);
    console.log(`written: ${file}`);
  }
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const stale = staleFiles();
    for (const file of stale) console.log(`stale: ${file}; run: node scripts/generate.ts`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    writeAll();
  }
}
