/** What the bridge knows of a room from before it was tied stays in it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RoomId } from "../../src/bridge/model.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { Registration } from "../../src/matrix/registration.ts";
import { contact, enter, newGroup, viewOf } from "../support/matrix-groups.ts";
import { makeRegistration, type RunningHome, startHome, writeRegistration } from "../support/matrix-home.ts";
import { useSynapse } from "../support/synapse.ts";

const DOMAIN = "matrix.test";

let made: { text: string; registration: Registration; port: number };
let running: RunningHome;
let anna: MatrixPerson;
let ben: MatrixPerson;

const synapse = useSynapse({
  serverName: DOMAIN,
  registration: async (dir) => {
    made = await makeRegistration(DOMAIN);
    return writeRegistration(dir, made.text);
  },
});

async function start(): Promise<void> {
  const { registration, port } = made;
  running = await startHome({ homeserverUrl: synapse.server.url, domain: DOMAIN, registration, port });
  await running.home.attached();
}

beforeAll(async () => {
  await start();
  anna = await synapse.newPerson("anna");
  ben = await synapse.newPerson("ben");
});

afterAll(async () => {
  await running?.home.stop();
});

const bot = (): string => running.home.bot;

/** What has been stored of a room, from now on. */
function eventsIn(room: string) {
  const from = running.host.events.length;
  return () => running.host.events.slice(from).filter((event) => "room" in event && event.room === room);
}

it("nothing gives away what was said before a room was tied", async () => {
  const room = (await anna.createRoom({})) as RoomId;
  await anna.invite(room, ben.userId);
  await enter(ben, room);
  const alone = await anna.sendText(room, "between us: Bob must not know about the party");
  const older = await anna.sendText(room, "nor of the band");
  await anna.invite(room, bot());
  await anna.waitForMessage(room, /!msn bridge/, bot());
  const untied = await anna.sendText(room, "nor about the cake");
  const asked = eventsIn(room);
  await anna.sendText(room, "!msn bridge 1");
  await running.host.waitFor("the command", () => asked().some((event) => event.kind === "command"));
  running.host.groups.add(room);
  await running.home.shapeGroup(
    room,
    viewOf(newGroup("secrets"), [contact("bob@example.com", "Bob")], { plumbed: true }),
  );
  const events = eventsIn(room);
  for (const secret of [alone, untied]) {
    await anna.react(room, secret, "🤫");
    await anna.redact(room, secret);
  }
  const told = await anna.sendText(room, "hello Bob");
  await anna.react(room, told, "👍");
  await anna.redact(room, told);
  const later = await anna.sendText(room, "see you at eight");
  await running.host.waitFor("all of it", () => events().length >= 4);
  expect(events().map((event) => [event.kind, "text" in event && event.text])).toEqual([
    ["text", "hello Bob"],
    ["reaction", "hello Bob"],
    ["text", "(deleted: “hello Bob”)"],
    ["text", "see you at eight"],
  ]);
  // A bridge that remembers nothing asks the homeserver.
  await running.home.stop();
  await start();
  running.host.groups.add(room);
  await anna.react(room, older, "🤫");
  await anna.react(room, later, "👍");
  await running.host.waitFor("a reaction", () => running.host.events.length > 0);
  expect(running.host.events).toMatchObject([{ kind: "reaction", text: "see you at eight" }]);
});
