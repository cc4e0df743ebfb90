import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, describe, expect, it } from "vitest";
import type { RoomId } from "../../src/bridge/model.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { Registration } from "../../src/matrix/registration.ts";
import {
  ghostOf,
  makeRegistration,
  portalOf,
  type RunningHome,
  resident,
  startHome,
  writeRegistration,
} from "../support/matrix-home.ts";
import { useSynapse } from "../support/synapse.ts";

const DOMAIN = "matrix.test";
const BOB = ghostOf("bob@example.com");

let registered: { text: string; registration: Registration; port: number } | undefined;
const synapse = useSynapse({
  serverName: DOMAIN,
  registration: async (dir) => {
    registered = await makeRegistration(DOMAIN);
    return writeRegistration(dir, registered.text);
  },
});

let running: RunningHome | undefined;

/** The Matrix side with what is left of the one before, as after a restart. */
async function start(): Promise<RunningHome> {
  if (!registered) throw new Error("no registration");
  const { registration, port } = registered;
  const before = running;
  await before?.home.stop();
  const limits = { knockAfterMs: 1000 };
  const options = { homeserverUrl: synapse.server.url, domain: DOMAIN, registration, port, limits };
  running = await startHome({ ...options, ...(before && { profiles: before.profiles }) });
  for (const room of before?.host.portals ?? []) running.host.portals.add(room);
  return running;
}

afterAll(async () => {
  await running?.home.stop();
});

async function chat(): Promise<{ anna: MatrixPerson; room: RoomId }> {
  const { home, host } = await start();
  await home.attached();
  const anna = await synapse.newPerson("anna");
  const room = await home.openDirect(
    portalOf("bob@example.com", `${anna.userId.slice(1, 6)}@x.test`),
    resident(anna.userId),
    BOB,
    "Bob",
  );
  host.portals.add(room);
  await anna.waitForInvite(home.ghostLabel(BOB));
  await anna.join(room);
  await anna.sendText(room, "first words");
  await heard("first words", 1);
  return { anna, room };
}

/** What was said has come in, so many times, and nothing behind it. */
async function heard(text: string, times: number): Promise<void> {
  const host = running?.host;
  const all = () => host?.events.flatMap((event) => (event.kind === "text" ? [event.text] : [])) ?? [];
  await host?.waitFor(text, () => all().filter((one) => one === text).length === times);
  expect(all().at(-1)).toBe(text);
}

/** From now on nothing of what the homeserver brings is stored, or answered. Resolves with the first that comes. */
function hang({ host }: RunningHome): Promise<void> {
  const came = Promise.withResolvers<void>();
  host.intake = async () => {
    came.resolve();
    return await new Promise<never>(() => {});
  };
  return came.promise;
}

/**
 * Who brings these words to where the bridge was gets no answer. Resolves when somebody has: killed before, Synapse may have noted that it
 * has passed them on and have stored no transaction of them yet, and nothing brings those back.
 */
async function unanswered(words: string): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      if (!Buffer.concat(chunks).includes(words)) return res.end("{}");
      resolve();
      return res.destroy();
    });
  });
  server.listen(registered?.port, "127.0.0.1");
  await once(server, "listening");
  return async () => {
    await promise;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
}

describe("the last words before an outage come in by themselves, though nobody says anything more", () => {
  it("when the bridge is killed while it takes them", async () => {
    const { anna, room } = await chat();
    if (!running) throw new Error("not started");
    const came = hang(running);
    await anna.sendText(room, "last words");
    await came;
    await running.home.stop();
    await anna.sendText(room, "very last words");
    await start();
    await heard("very last words", 1);
  });

  it("when the bridge and the homeserver are killed while they are handed over", async () => {
    const { anna, room } = await chat();
    if (!running) throw new Error("not started");
    const came = hang(running);
    await anna.sendText(room, "last words");
    await came;
    await synapse.server.kill();
    await running.home.stop();
    await synapse.server.restart();
    await start();
    await heard("last words", 1);
  });

  it("when the homeserver is restarted while the bridge is away", async () => {
    const { anna, room } = await chat();
    await running?.home.stop();
    const came = await unanswered("last words");
    await anna.sendText(room, "last words");
    await came();
    await synapse.server.kill();
    await synapse.server.restart();
    await start();
    await heard("last words", 1);
  });

  it("when the homeserver is killed right behind them, and the bridge is not", async () => {
    const { anna, room } = await chat();
    await synapse.server.kill();
    await synapse.server.restart();
    await running?.home.attached();
    await anna.sendText(room, "last words");
    await heard("last words", 1);
  });
});
