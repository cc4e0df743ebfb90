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

interface Ages {
  readonly toMsn: readonly number[];
  readonly toHome: readonly number[];
}

/** How long a message is under way while people talk, and how long it would be without a bridge. */
export const delay: Part = {
  name: "delay",
  title: `Delay at ${PER_SECOND} messages/s in ${CHATS} chats, both ways at once`,
  async run({ quick, say }) {
    const seconds = quick ? 4 : 20;
    const talks = await startTalks(CHATS);
    try {
      say("warming up");
      await warmUp(talks, quick ? 10 : 50);
      say(`${seconds} s of talk through the bridge`);
      const bridged = await talk(talks, seconds);
      say(`${seconds} s over the bare hops`);
      const bare = await bareHops(talks, seconds);
      return [
        ...rows(
          "Matrix to MSN",
          "from the transaction's PUT until the contact's client has it",
          bridged.toMsn,
          bare.toMsn,
        ),
        ...rows(
          "MSN to Matrix",
          "from the contact's MSG until the homeserver has the PUT",
          bridged.toHome,
          bare.toHome,
        ),
      ];
    } finally {
      await talks.rig.stop();
    }
  },
};

function rows(way: string, how: string, bridged: readonly number[], bare: readonly number[]): Figure[] {
  const at = (ages: readonly number[], share: number): number => percentile(ages, share);
  const ms = { unit: "ms" };
  return [
    { what: `${way}, p50`, value: at(bridged, 0.5), ...ms, target: P50, note: `${how}; ${bridged.length} messages` },
    { what: `${way}, p99`, value: at(bridged, 0.99), ...ms, target: P99 },
    { what: `  the bare hops, p50`, value: at(bare, 0.5), ...ms, note: "HTTP, one append to Redis, TCP relay" },
    { what: `  the bare hops, p99`, value: at(bare, 0.99), ...ms },
    { what: `  the bridge's own share, p50`, value: at(bridged, 0.5) - at(bare, 0.5), ...ms },
  ];
}

async function talk({ rig, homeserver, talks, chats }: TalkRig, seconds: number): Promise<Ages> {
  const { msn } = rig.parts;
  const half = { perSecond: PER_SECOND / 2, seconds };
  await Promise.all([homeserver.ask("forget", undefined), msn.ask("forget", undefined)]);
  const [out, back] = await Promise.all([
    homeserver.ask("pace", { ...half, url: rig.url, chats }),
    msn.ask("pace", { ...half, talks }),
  ]);
  await msn.ask("arrived", { count: out, timeoutMs: LATE_MS });
  await homeserver.ask("arrived", { what: "send", count: back, timeoutMs: LATE_MS });
  return { toMsn: await msn.ask("ages", undefined), toHome: await homeserver.ask("ages", undefined) };
}

async function bareHops(running: TalkRig, seconds: number): Promise<Ages> {
  const { rig, homeserver, homeserverUrl, chats } = running;
  const relay = await rig.program<RelayQuestions>("relay");
  const bare = await rig.program<BareQuestions>("bare");
  const relayPort = await relay.ask("start", undefined);
  await bare.ask("start", { redisUrl: rig.parts.redis.url, homeserverUrl, token: rig.token, bot: rig.bot });
  const url = await bare.ask("hops", { posts: running.posts("in"), relayPort });
  await relay.ask("person", relayPort);
  await homeserver.ask("forget", undefined);
  const half = { perSecond: PER_SECOND / 2, seconds };
  const [out, back] = await Promise.all([homeserver.ask("pace", { ...half, url, chats }), relay.ask("pace", half)]);
  await relay.ask("arrived", { count: out, timeoutMs: LATE_MS });
  await homeserver.ask("arrived", { what: "send", count: back, timeoutMs: LATE_MS });
  return { toMsn: await relay.ask("ages", undefined), toHome: await homeserver.ask("ages", undefined) };
}
