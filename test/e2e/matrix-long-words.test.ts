import { afterAll, expect, it } from "vitest";
import type { GroupMessage, MessageId, RoomId } from "../../src/bridge/model.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { Registration } from "../../src/matrix/registration.ts";
import { contact, enter, groupWords, member, newGroup, viewOf } from "../support/matrix-groups.ts";
import { ghostOf, makeRegistration, type RunningHome, startHome, writeRegistration } from "../support/matrix-home.ts";
import { useSynapse } from "../support/synapse.ts";

const DOMAIN = "matrix.test";
const BOB = "bob@example.com";
/** 200 000 characters, of which each takes its own room in an event. */
const LONG = Array.from({ length: 20_000 }, (_, n) => `${n} <"ü🙂`.padEnd(9, "<"))
  .join(" ")
  .slice(0, 200_000)
  .toWellFormed();

let made: { text: string; registration: Registration; port: number } | undefined;
let running: RunningHome | undefined;
const synapse = useSynapse({
  serverName: DOMAIN,
  registration: async (dir) => {
    made = await makeRegistration(DOMAIN);
    return writeRegistration(dir, made.text);
  },
});

/** The Matrix side, which remembers nothing but what it has stored. */
async function start(): Promise<RunningHome> {
  if (!made) throw new Error("no registration");
  const profiles = running?.profiles;
  await running?.home.stop();
  const { registration, port } = made;
  const options = { homeserverUrl: synapse.server.url, domain: DOMAIN, registration, port };
  running = await startHome({ ...options, ...(profiles && { profiles }) });
  await running.home.attached();
  return running;
}

afterAll(async () => {
  await running?.home.stop();
});

/** What a client shows of what somebody has said. */
function shown(person: MatrixPerson, room: RoomId, sender: string): string {
  const { timeline } = person.room(room);
  const relation = (content: Readonly<Record<string, unknown>>) =>
    (content["m.relates_to"] ?? {}) as { rel_type?: string; event_id?: string };
  const gone = timeline.map(({ content }) => content.redacts);
  return timeline
    .filter(({ type, event_id, content, sender: by }) => {
      const isEdit = relation(content).rel_type === "m.replace";
      return type === "m.room.message" && by === sender && !isEdit && !gone.includes(event_id);
    })
    .map(({ event_id, content }) => {
      const edit = timeline.findLast((one) => {
        const { rel_type, event_id: of } = relation(one.content);
        return rel_type === "m.replace" && of === event_id;
      });
      return String(((edit?.content["m.new_content"] ?? content) as { body?: unknown }).body);
    })
    .join("");
}

it("200 000 characters are said whole, in order, once, and edited and taken back as one message, also after restarts", async () => {
  const { home } = await start();
  const anna = await synapse.newPerson("anna");
  const view = viewOf(newGroup("long"), [contact(BOB, "Bob"), member(anna.userId)]);
  const room = await home.openGroup(view);
  await enter(anna, room);
  const bob = home.ghostLabel(ghostOf(BOB));
  const speaker = { kind: "ghost", ghost: ghostOf(BOB), name: "Bob" } as const;
  const say = async (text: string, key: string, about?: GroupMessage["about"]): Promise<MessageId> => {
    if (!running) throw new Error("not started");
    return running.home.deliverToGroup(room, view.id, speaker, groupWords(BOB, text, about), key);
  };
  const target = await say(LONG, "k1");
  await anna.waitFor("all of it", () => shown(anna, room, bob) === LONG);
  await start();
  expect(await say(LONG, "k1")).toBe(target);
  const shorter = LONG.slice(0, 120_000).toWellFormed();
  const edit = await say("* …", "k2", { kind: "edit", target, text: shorter });
  await anna.waitFor("the edit", () => shown(anna, room, bob) === shorter);
  await start();
  expect(await say("* …", "k2", { kind: "edit", target, text: shorter })).toBe(edit);
  await say("* …", "k3", { kind: "edit", target, text: LONG });
  await anna.waitFor("the second edit", () => shown(anna, room, bob) === LONG);
  await start();
  await say("(taken back)", "k4", { kind: "removal", target });
  await anna.waitFor("nothing", () => shown(anna, room, bob) === "");
});
