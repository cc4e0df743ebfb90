import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeFailure } from "./lib/failure.ts";
import { HOMES } from "./lib/homes.ts";
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
/** As sysexits.h has it: the command was used wrongly. */
const USAGE = 64;

const HELP = `npm run bench -- [part…] [options]

Measures on this machine, prints a table per part and writes var/bench.json.
  parts      ${PARTS.map(({ name }) => name).join(", ")}; all of them when none is named
  --home h   delay and throughput with ${HOMES.map(({ name }) => name).join(" or ")} alone
  --quick    fewer and shorter runs: whether it works, not how fast it is
  --full     memory at 10 000 puppets, too
  --profile  throughput writes CPU profiles of the bridge to var/, for Chromium's developer tools
  --out f    writes the figures to another file
A missed target is said in the table and ends with 0; only what does not work ends with 1.
`;

interface Wish extends Omit<PartOptions, "say"> {
  readonly parts: readonly Part[];
  readonly file: string;
}

/** @returns what is wrong with the arguments, as a sentence, or undefined when help is asked for */
function parse(args: readonly string[]): Wish | string | undefined {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        home: { type: "string" },
        quick: flag,
        full: flag,
        profile: flag,
        help: flag,
        out: { type: "string", default: RESULTS },
      },
    });
    if (values.help) return undefined;
    const unknown = positionals.find((name) => !PARTS.some((part) => part.name === name));
    if (unknown !== undefined) return `There is no part ${unknown}.`;
    const parts = positionals.length === 0 ? PARTS : PARTS.filter(({ name }) => positionals.includes(name));
    const { home, quick, full, profile, out } = values;
    const homes = home === undefined ? HOMES : HOMES.filter(({ name }) => name === home);
    if (homes.length === 0) return `There is no home ${home}.`;
    return { parts, homes, quick, full, profile, file: out };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const wish = parse(args);
  if (wish === undefined || typeof wish === "string") {
    process.stdout.write(wish === undefined ? HELP : `${wish}\n\n${HELP}`);
    return wish === undefined ? 0 : USAGE;
  }
  const machine = describeMachine();
  process.stdout.write(`${machineText(machine)}\n\n`);
  const results: Record<string, readonly Figure[]> = {};
  for (const part of wish.parts) {
    const figures = await part.run({ ...wish, say: progress });
    results[part.name] = figures.map((figure) => ({ ...figure, verdict: verdict(figure) }));
    process.stdout.write(`${table(part.title, figures)}\n`);
  }
  mkdirSync(dirname(wish.file), { recursive: true });
  writeFileSync(wish.file, `${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 2)}\n`);
  return 0;
}

function progress(what: string): void {
  process.stderr.write(`  … ${what}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${describeFailure(error)}\n`);
  return 1;
});
