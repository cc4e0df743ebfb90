import type { Child } from "../lib/child.ts";
import type { StubHome } from "../lib/homes.ts";
import type { Figure, Part } from "../lib/report.ts";
import { percentile } from "../lib/stats.ts";
import { startTalks, type TalkRig, warmUp } from "../lib/talks.ts";
import type { BareQuestions } from "../procs/bare.ts";
import type { RelayQuestions } from "../procs/relay.ts";

const CHATS = 20;
/** Of both ways together. */
const PER_SECOND = 100;
const P50 = { atMost: 2 };
const P99 = { atMost: 15 };
const LATE_MS = 30_000;

type Ages = readonly number[];

/** Of one stretch of talk, in ms, by way. */
interface Stretch {
  readonly toMsn: Ages;
  readonly toHome: Ages;
}

/** How long a message is under way while people talk, and how long it would be without a bridge. */
export const delay: Part = {
  name: "delay",
  title: `Delay at ${PER_SECOND} messages/s in ${CHATS} chats, both ways at once`,
  async run({ homes, quick, say }) {
    const figures: Figure[] = [];
    for (const home of homes) {
      say(`${home.title}: warming up`);
      figures.push(...(await measure(home, quick, (what) => say(`${home.title}: ${what}`))));
    }
    return figures;
  },
};

async function measure(home: StubHome, quick: boolean, say: (what: string) => void): Promise<Figure[]> {
  const seconds = quick ? 3 : 5;
  const stretches = quick ? 1 : 5;
  const talks = await startTalks(home, CHATS);
  try {
    await warmUp(talks, quick ? 10 : 100);
    const bareTalk = await prepareBare(talks);
    const bridged: Stretch[] = [];
    const bare: Stretch[] = [];
    await bareTalk(2);
    for (let n = 0; n < stretches; n++) {
      say(`${seconds} s of talk through the bridge, ${seconds} s over the bare hops (${n + 1} of ${stretches})`);
      bridged.push(await talk(talks, seconds));
      bare.push(await bareTalk(seconds));
    }
    const how = `best of ${stretches} stretches of ${seconds} s`;
    const toMsn = `${home.words.out} until the contact's client has it`;
    const toHome = `from the contact's MSG ${home.words.in}`;
    return [
      ...rows(`${home.title} to MSN`, [toMsn, how], agesOf(bridged, "toMsn"), agesOf(bare, "toMsn")),
      ...rows(`MSN to ${home.title}`, [toHome, how], agesOf(bridged, "toHome"), agesOf(bare, "toHome")),
    ];
  } finally {
    await talks.rig.stop();
  }
}

function agesOf(stretches: readonly Stretch[], way: keyof Stretch): readonly Ages[] {
  return stretches.map((stretch) => stretch[way]);
}

/** The machine may be busy with other things: the stretch that was disturbed least counts, all together is said beside it. */
function rows(way: string, [what, how]: readonly [string, string], bridged: readonly Ages[], bare: readonly Ages[]) {
  const best = (all: readonly Ages[], share: number): number => Math.min(...all.map((one) => percentile(one, share)));
  const together = (all: readonly Ages[], share: number): string =>
    `${how}; all together ${percentile(all.flat(), share).toFixed(2)}`;
  const row = (name: string, all: readonly Ages[], share: number): Figure => {
    return { what: name, value: best(all, share), unit: "ms", note: together(all, share) };
  };
  return [
    { ...row(`${way}, p50`, bridged, 0.5), target: P50 },
    { ...row(`${way}, p99`, bridged, 0.99), target: P99 },
    row("  the bare hops, p50", bare, 0.5),
    row("  the bare hops, p99", bare, 0.99),
    { what: "  the bridge's own share, p50", value: best(bridged, 0.5) - best(bare, 0.5), unit: "ms", note: what },
  ];
}

async function talk({ rig, server, bridge, talks, chats }: TalkRig, seconds: number): Promise<Stretch> {
  const { msn } = rig.parts;
  const half = { perSecond: PER_SECOND / 2, seconds };
  await Promise.all([server.ask("forget", undefined), msn.ask("forget", undefined)]);
  const [out, back] = await Promise.all([
    server.ask("pace", { ...half, to: bridge, chats }),
    msn.ask("pace", { ...half, talks }),
  ]);
  await msn.ask("arrived", { count: out, timeoutMs: LATE_MS });
  await server.ask("arrived", { what: "send", count: back, timeoutMs: LATE_MS });
  return { toMsn: await msn.ask("ages", undefined), toHome: await server.ask("ages", undefined) };
}

/** The same hops with nothing of the bridge: the home's own, one append to Redis, a TCP relay. */
async function prepareBare(running: TalkRig): Promise<(seconds: number) => Promise<Stretch>> {
  const { rig, bare: home } = running;
  const relay = await rig.program<RelayQuestions>("relay");
  const bare = await rig.program<BareQuestions>("bare");
  const relayPort = await relay.ask("start", undefined);
  await bare.ask("start", { redisUrl: rig.parts.redis.url, home });
  const to = await bare.ask("hops", { posts: running.posts("in"), relayPort });
  await relay.ask("person", relayPort);
  return (seconds) => bareTalk(running, relay, to, seconds);
}

async function bareTalk(
  { server, chats }: TalkRig,
  relay: Child<RelayQuestions>,
  to: string,
  seconds: number,
): Promise<Stretch> {
  await Promise.all([server.ask("forget", undefined), relay.ask("forget", undefined)]);
  const half = { perSecond: PER_SECOND / 2, seconds };
  const [out, back] = await Promise.all([server.ask("pace", { ...half, to, chats }), relay.ask("pace", half)]);
  await relay.ask("arrived", { count: out, timeoutMs: LATE_MS });
  await server.ask("arrived", { what: "send", count: back, timeoutMs: LATE_MS });
  return { toMsn: await relay.ask("ages", undefined), toHome: await server.ask("ages", undefined) };
}
