import { findJemalloc } from "../lib/machine.ts";
import type { ProcessMemory } from "../lib/probe.ts";
import type { Figure, Part } from "../lib/report.ts";
import { Rig } from "../lib/rig.ts";
import { mostWithin } from "../lib/stats.ts";
import { account } from "../lib/talks.ts";
import type { HomeserverQuestions } from "../procs/homeserver.ts";

const DOMAIN = "stub.test";
/** Contacts of each account; half of them have it in their lists for their part. */
const CONTACTS = 10;
const TARGET = { atMost: 64 };
/** The bridge's own limit (config `limits.signInsPerSecond`). */
const PER_SECOND = 15;
const LONGEST_S = 120;
/** For thousands. Many sign-ins at once leave more garbage behind than a bridge ever sees. */
const FAST = 60;
/** Until the allocator has given back what only the start needed. */
const START_MS = 12_000;
/** Until the bridge has noticed that it is quiet again, and has given back what it does not need. */
const SETTLE_MS = 30_000;

/** What a puppet that nobody talks with costs, and how long a restart takes until all are back. */
export const memory: Part = {
  name: "memory",
  title: "Idle puppets: memory, and sign-in after a restart",
  async run({ quick, full, say }) {
    const counts = quick ? [100] : full ? [1000, 10_000] : [1000];
    const figures: Figure[] = [];
    for (const count of counts) figures.push(...(await measure(count, say)));
    return figures;
  },
};

async function measure(count: number, say: (what: string) => void): Promise<Figure[]> {
  // At 15/s ten thousand would take eleven minutes, so they come faster; what the limit makes of it is measured with fewer.
  const limited = count <= 1000;
  const emails = Array.from({ length: count }, (_, n) => `puppet${n}@msn.test`);
  const contactsOf = (n: number): string[] =>
    Array.from({ length: CONTACTS }, (_, k) => emails[(n + k + 1) % count] ?? "");
  const accounts = emails.map((email, n) => account(email, contactsOf(n)));
  const jemalloc = findJemalloc();
  const env = jemalloc === undefined ? {} : { LD_PRELOAD: jemalloc };
  const rig = await Rig.start({ serverName: DOMAIN, accounts, countSignIns: true, env });
  try {
    const homeserver = await rig.program<HomeserverQuestions>("homeserver");
    const { asToken, hsToken, url } = rig.parts.registration;
    const tokens = { asToken: asToken.open(), hsToken: hsToken.open() };
    const homeserverUrl = await homeserver.ask("start", { domain: DOMAIN, bridgeUrl: url, ...tokens });
    const before = await withoutPuppets(rig, homeserverUrl);
    for (const [n, email] of emails.entries()) await rig.link(email, `@resident${n}:${DOMAIN}`);
    say(`${count} puppets sign in${limited ? `, ${PER_SECOND} a second` : ""}`);
    const start = performance.now();
    const signInsPerSecond = limited ? PER_SECOND : FAST;
    await rig.startBridge(homeserverUrl, { limits: { signInsPerSecond } });
    await rig.online(emails, 600_000);
    const seconds = (performance.now() - start) / 1000;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const after = await rig.memory(false);
    const peak = mostWithin(await rig.parts.msn.ask("signIns", undefined), 1000);
    const allocator = jemalloc === undefined ? "the system's malloc" : "jemalloc";
    return [...memoryRows(count, before, after, allocator), ...(limited ? signInRows(count, seconds, peak) : [])];
  } finally {
    await rig.stop();
  }
}

/** The bridge with nobody linked, and as little memory as it can do with. */
async function withoutPuppets(rig: Rig, homeserverUrl: string): Promise<ProcessMemory> {
  await rig.startBridge(homeserverUrl);
  await rig.memory(true);
  await new Promise((resolve) => setTimeout(resolve, START_MS));
  const before = await rig.memory(true);
  await rig.stopBridge();
  return before;
}

function memoryRows(count: number, before: ProcessMemory, after: ProcessMemory, allocator: string): Figure[] {
  const each = (what: keyof ProcessMemory): number => (after[what] - before[what]) / 1024 / count;
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const note = (what: keyof ProcessMemory): string => `${mib(before[what])} without, ${mib(after[what])} with all`;
  const how = `${CONTACTS} contacts each; ${allocator}`;
  return [
    {
      what: `RSS per puppet, ${count}`,
      value: each("rss"),
      unit: "KiB",
      target: TARGET,
      note: `${note("rss")}; ${how}`,
    },
    { what: `heap per puppet, ${count}`, value: each("heapUsed"), unit: "KiB", note: note("heapUsed") },
    { what: "  taken by V8 for it", value: each("heapTotal"), unit: "KiB", note: note("heapTotal") },
    { what: "  buffers outside of the heap", value: each("external"), unit: "KiB", note: note("external") },
  ];
}

function signInRows(count: number, seconds: number, peak: number): Figure[] {
  return [
    {
      what: `sign-in of ${count} after a restart`,
      value: seconds,
      unit: "s",
      target: { atMost: LONGEST_S },
      note: "from starting the process until the last is visible",
    },
    {
      what: "most sign-ins in any second",
      value: peak,
      unit: "/s",
      target: { atMost: PER_SECOND },
      note: "as the MSN network sees them",
    },
  ];
}
