import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, machineText } from "./lib/machine.ts";
import { type Figure, type Part, type PartOptions, table, verdict } from "./lib/report.ts";
import { codec } from "./parts/codec.ts";
import { delay } from "./parts/delay.ts";
import { memory } from "./parts/memory.ts";
import { store } from "./parts/store.ts";
import { synapse } from "./parts/synapse.ts";
import { throughput } from "./parts/throughput.ts";

const PARTS: readonly Part[] = [codec, delay, throughput, synapse, memory, store];
const RESULTS = fileURLToPath(new URL("../var/bench.json", import.meta.url));

const HELP = `npm run bench -- [part…] [--quick] [--full]

Measures on this machine, prints a table per part and writes var/bench.json.
  parts    ${PARTS.map(({ name }) => name).join(", ")}; all of them when none is named
  --quick  fewer and shorter runs: whether it works, not how fast it is
  --full   memory at 10 000 puppets, too
  --profile  throughput writes CPU profiles of the bridge to var/, for Chromium's developer tools
A missed target is said in the table and ends with 0; only what does not work ends with 1.
`;

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      full: { type: "boolean" },
      profile: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const unknown = positionals.find((name) => !PARTS.some((part) => part.name === name));
  if (values.help || unknown !== undefined) {
    process.stdout.write(unknown === undefined ? HELP : `There is no part ${unknown}.\n\n${HELP}`);
    return values.help ? 0 : 64;
  }
  const chosen = positionals.length === 0 ? PARTS : PARTS.filter(({ name }) => positionals.includes(name));
  const machine = describeMachine();
  process.stdout.write(`${machineText(machine)}\n\n`);
  const { quick = false, full = false, profile = false } = values;
  const options: PartOptions = { quick, full, profile, say: progress };
  const results: Record<string, readonly Figure[]> = {};
  for (const part of chosen) {
    const figures = await part.run(options);
    results[part.name] = figures.map((figure) => ({ ...figure, verdict: verdict(figure) }));
    process.stdout.write(`${table(part.title, figures)}\n`);
  }
  mkdirSync(fileURLToPath(new URL("../var", import.meta.url)), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 2)}\n`);
  return 0;
}

function progress(what: string): void {
  process.stderr.write(`  … ${what}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
});
