import { join } from "node:path";
import { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import { createMatrixUser, startSynapse } from "../../src/cli/sandbox/synapse.ts";
import type { Post } from "../lib/bare-home.ts";
import { SYNAPSE_VENV } from "../lib/machine.ts";
import type { Figure, Part } from "../lib/report.ts";
import { PASSWORD, Rig } from "../lib/rig.ts";
import { percentile, sharedNow } from "../lib/stats.ts";
import { account } from "../lib/talks.ts";
import type { BareQuestions } from "../procs/bare.ts";
import type { Talk } from "../procs/msn.ts";

const SERVER = "bench.test";
/** Contacts of one puppet, each with a room of its own. */
const CHATS = 12;
const TARGET = { atLeast: 0.95 };
const PUPPET = "puppet@msn.test";
/** Of the ghosts, as the bridge calls it. */
const DEVICE = "MSNBRIDGE";
const LATE_MS = 180_000;
/** How often it is looked whether the bridge has delivered the last one: half of it is the error, in a run of seconds. */
const LOOK_MS = 20;

interface Scene {
  readonly rig: Rig;
  readonly bare: Awaited<ReturnType<typeof Rig.prototype.program<BareQuestions>>>;
  readonly talks: readonly Talk[];
  readonly posts: readonly Post[];
}

/** How much of what Synapse can take the bridge brings it, MSN to Matrix. */
export const synapse: Part = {
  name: "synapse",
  title: `Throughput against a real Synapse, MSN to Matrix, ${CHATS} chats saturated`,
  async run({ quick, say }) {
    const people = Array.from({ length: CHATS }, (_, n) => `person${n}@msn.test`);
    const accounts = [account(PUPPET, people), ...people.map((person) => account(person, [PUPPET]))];
    const rig = await Rig.start({ serverName: SERVER, accounts });
    try {
      say("Synapse, rooms and a warm-up");
      const scene = await prepare(rig, people);
      const each = quick ? 4 : 20;
      const rounds = quick ? 1 : 10;
      await direct(scene, 3);
      await bridged(scene, 3);
      const pairs: { bridge: number; direct: number }[] = [];
      for (let n = 0; n < rounds; n++) {
        say(`round ${n + 1} of ${rounds}, ${each * CHATS} messages through the bridge and ${each * CHATS} directly`);
        // In turn first and second, so that what grows in Synapse meanwhile favours neither.
        const first = n % 2 === 0 ? await bridged(scene, each) : undefined;
        const straight = await direct(scene, each);
        pairs.push({ bridge: first ?? (await bridged(scene, each)), direct: straight });
      }
      return rows(pairs, each * CHATS);
    } finally {
      await rig.stop();
    }
  },
};

/** Synapse itself is now quick and now slow: medians, not the luckiest round of each. */
function rows(pairs: readonly { bridge: number; direct: number }[], count: number): Figure[] {
  const unit = "messages/s";
  const median = (values: readonly number[]): number => percentile(values, 0.5);
  const ratios = pairs.map(({ bridge, direct }) => bridge / direct).toSorted((a, b) => a - b);
  const note = `median of ${pairs.length} rounds of ${count} messages, in turn`;
  return [
    { what: "through the bridge", value: median(pairs.map(({ bridge }) => bridge)), unit, note },
    { what: "sent directly as the same ghosts", value: median(pairs.map(({ direct }) => direct)), unit, note },
    {
      what: "ratio",
      value: median(ratios),
      unit: "",
      target: TARGET,
      note: `median of the pairs; they are ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")}`,
    },
  ];
}

async function prepare(rig: Rig, people: readonly string[]): Promise<Scene> {
  const { group, setup, dir, msn, redis } = rig.parts;
  const server = await startSynapse({
    dir: join(dir, "synapse"),
    venv: SYNAPSE_VENV,
    serverName: SERVER,
    registrationFile: setup.registrationFile,
    group,
  });
  const user = await createMatrixUser(server, "anna", "bench");
  await rig.link(PUPPET, user.id);
  await rig.startBridge(server.url);
  await msn.ask("people", { emails: people, password: PASSWORD });
  await rig.online([PUPPET, ...people], LATE_MS);
  const talks = people.map((person) => ({ person, puppet: PUPPET }));
  // Rooms come with the first word; the owner joins, so that Synapse has somebody to tell.
  await msn.ask("flood", { each: 1, talks });
  await delivered(rig, CHATS);
  const anna = await MatrixPerson.signIn(server.url, user.id, { accessToken: user.accessToken });
  const rooms: string[] = [];
  for (const person of people) {
    const ghost = rig.ghost(person);
    const { roomId } = await anna.waitForInvite(ghost, LATE_MS);
    await anna.join(roomId);
    rooms.push(roomId);
  }
  // Stays in the rooms and stops asking Synapse for news.
  await anna.close();
  const bare = await rig.program<BareQuestions>("bare");
  const home = { kind: "matrix", url: server.url, token: rig.token, bot: rig.bot, device: DEVICE } as const;
  await bare.ask("start", { redisUrl: redis.url, home });
  const posts = talks.map(({ person }, n) => {
    return { lane: "", room: rooms[n] ?? "", resident: user.id, ghost: rig.ghost(person) };
  });
  return { rig, bare, talks, posts };
}

async function direct({ bare, posts }: Scene, each: number): Promise<number> {
  return ((each * posts.length) / (await bare.ask("direct", { each, posts }))) * 1000;
}

async function bridged({ rig, talks }: Scene, each: number): Promise<number> {
  const count = each * talks.length;
  const before = await deliveries(rig);
  const start = sharedNow();
  await rig.parts.msn.ask("flood", { each, talks });
  // Asking for the metrics all the time would cost the bridge more than the messages do.
  while (await rig.waits(PUPPET)) await new Promise((wake) => setTimeout(wake, LOOK_MS));
  const end = sharedNow();
  await delivered(rig, before + count);
  return (count / (end - start)) * 1000;
}

function deliveries(rig: Rig): Promise<number> {
  return rig.metric("msnb_events_total", 'from="network"', 'result="delivered"');
}

async function delivered(rig: Rig, count: number): Promise<void> {
  const deadline = performance.now() + LATE_MS;
  while ((await deliveries(rig)) < count) {
    if (performance.now() > deadline) throw new Error("the bridge has not delivered everything in time");
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
  }
}
