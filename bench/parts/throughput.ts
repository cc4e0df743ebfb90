import { fileURLToPath } from "node:url";
import type { Child } from "../lib/child.ts";
import type { StubHome } from "../lib/homes.ts";
import type { Figure, Part, PartOptions } from "../lib/report.ts";
import { percentile, sharedNow } from "../lib/stats.ts";
import { startTalks, type TalkRig, warmUp } from "../lib/talks.ts";
import type { BareQuestions } from "../procs/bare.ts";

const CHATS = 64;
const HALF = { atLeast: 0.5 };
const LATE_MS = 120_000;

/** Messages per second of one round, and CPU time that the bridge or the bare loop took per message. */
interface Round {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** As many messages as fit, with every chat busy, through the bridge and through a plain loop in turn. */
export const throughput: Part = {
  name: "throughput",
  title: `Throughput against stub servers, ${CHATS} chats saturated`,
  async run({ homes, quick, profile, say }) {
    const figures: Figure[] = [];
    for (const home of homes) {
      say(`${home.title}: warming up`);
      figures.push(...(await measure(home, { quick, profile, say: (what) => say(`${home.title}: ${what}`) })));
    }
    return figures;
  },
};

async function measure(home: StubHome, { quick, profile, say }: Omit<PartOptions, "homes" | "full">) {
  const talks = await startTalks(home, CHATS);
  try {
    await warmUp(talks, quick ? 5 : 50);
    const each = quick ? 20 : 120;
    const rounds = quick ? 1 : 4;
    const bridgeToHome: Round[] = [];
    const bareToHome: Round[] = [];
    const bridgeToMsn: Round[] = [];
    const bareToMsn: Round[] = [];
    for (let n = 0; n < rounds; n++) {
      say(`round ${n + 1} of ${rounds}, each way, ${each * CHATS} messages`);
      bridgeToHome.push(await bridgeIn(talks, each));
      bareToHome.push(await bareIn(talks, each));
      bridgeToMsn.push(await bridgeOut(talks, each));
      bareToMsn.push(await bareOut(talks, each));
    }
    if (profile) {
      say("CPU profiles of the bridge");
      await profiled(talks, `${home.name}-in`, () => bridgeIn(talks, each));
      await profiled(talks, `${home.name}-out`, () => bridgeOut(talks, each));
    }
    return [
      ...rows(`MSN to ${home.title}`, bridgeToHome, bareToHome, home.words.bareIn),
      ...rows(`${home.title} to MSN`, bridgeToMsn, bareToMsn, home.words.bareOut),
    ];
  } finally {
    await talks.rig.stop();
  }
}

function rows(way: string, bridge: readonly Round[], bare: readonly Round[], loop: string): Figure[] {
  const best = (rounds: readonly Round[]): Round => rounds.toSorted((x, y) => y.perSecond - x.perSecond)[0] ?? NONE;
  const ratios = bridge.map(({ perSecond }, n) => perSecond / (bare[n]?.perSecond ?? perSecond));
  const cpu = (round: Round): string => `${round.cpuMs.toFixed(2)} ms of CPU per message`;
  return [
    {
      what: way,
      value: best(bridge).perSecond,
      unit: "messages/s",
      note: `best of ${bridge.length}; ${cpu(best(bridge))}`,
    },
    { what: "  bare loop", value: best(bare).perSecond, unit: "messages/s", note: `${loop}; ${cpu(best(bare))}` },
    {
      what: "  ratio",
      value: best(bridge).perSecond / best(bare).perSecond,
      unit: "",
      target: HALF,
      note: `best to best; median of the pairs ${percentile(ratios, 0.5).toFixed(2)}`,
    },
  ];
}

const NONE: Round = { perSecond: 0, cpuMs: 0 };

async function bridgeIn({ rig, server, talks }: TalkRig, each: number): Promise<Round> {
  const count = each * talks.length;
  await server.ask("forget", undefined);
  return await timed(count, rig, async () => {
    const said = rig.parts.msn.ask("flood", { each, talks });
    const end = await server.ask("arrived", { what: "send", count, timeoutMs: LATE_MS });
    await said;
    return end;
  });
}

async function bridgeOut({ rig, server, bridge, chats }: TalkRig, each: number): Promise<Round> {
  const count = each * chats.length;
  await Promise.all([server.ask("forget", undefined), rig.parts.msn.ask("forget", undefined)]);
  return await timed(count, rig, async () => {
    const pushed = server.ask("flood", { to: bridge, each, chats });
    await rig.parts.msn.ask("arrived", { count, timeoutMs: LATE_MS });
    // The sender is told, too: the bare loop's last step.
    const end = await server.ask("arrived", { what: "receipt", count, timeoutMs: LATE_MS });
    await pushed;
    return end;
  });
}

async function profiled({ rig }: TalkRig, name: string, work: () => Promise<unknown>): Promise<void> {
  const file = fileURLToPath(new URL(`../../var/bench-${name}.cpuprofile`, import.meta.url));
  await rig.probe(`profile ${file}`);
  await work();
  await rig.probe(`profile ${file}`);
}

/** `work` resolves with the moment at which it was done. */
async function timed(count: number, rig: TalkRig["rig"], work: () => Promise<number>): Promise<Round> {
  const cpu = await rig.cpu();
  const start = sharedNow();
  const end = await work();
  return { perSecond: (count / (end - start)) * 1000, cpuMs: ((await rig.cpu()) - cpu) / count };
}

async function bareIn(running: TalkRig, each: number): Promise<Round> {
  const count = each * running.talks.length;
  return await withBare(running, count, (bare) => bare.ask("in", { each, posts: running.posts("in") }));
}

async function bareOut(running: TalkRig, each: number): Promise<Round> {
  const { server, chats } = running;
  const count = each * chats.length;
  return await withBare(running, count, async (bare) => {
    const to = await bare.ask("out", running.posts("out"));
    const start = sharedNow();
    const [end] = await Promise.all([
      bare.ask("confirmed", { count, timeoutMs: LATE_MS }),
      server.ask("flood", { to, each, chats }),
    ]);
    return end - start;
  });
}

/** Runs the bare loop in a new process, warm like the bridge; `work` resolves with the ms it took. */
async function withBare(
  { rig, bare: home, posts }: TalkRig,
  count: number,
  work: (bare: Child<BareQuestions>) => Promise<number>,
): Promise<Round> {
  const bare = await rig.program<BareQuestions>("bare");
  await bare.ask("start", { redisUrl: rig.parts.redis.url, home });
  await bare.ask("in", { each: 20, posts: posts("in") });
  const before = spent(await bare.ask("cpu", undefined));
  const ms = await work(bare);
  const cpuMs = (spent(await bare.ask("cpu", undefined)) - before) / count;
  await bare.stop();
  return { perSecond: (count / ms) * 1000, cpuMs };
}

function spent({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
