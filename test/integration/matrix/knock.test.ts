import { expect, it } from "vitest";
import { ghostOf } from "../../support/matrix-home.ts";
import { ANNA, BOT, cleanScenes, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const KNOCK = "msnbridge.knock";

/** What the bot has said to itself. */
function knocks(s: StubScene): { room: string; content: Record<string, unknown> }[] {
  return [...s.stub.rooms.values()].flatMap(({ id, events }) =>
    events.flatMap(({ type, sender, content }) => {
      if (type !== KNOCK) return [];
      expect(sender).toBe(BOT);
      return [{ room: id, content }];
    }),
  );
}

async function knocked(s: StubScene, times: number): Promise<void> {
  await expect.poll(() => knocks(s).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(times);
}

/** The homeserver brings the newest of it: there may be another one by then. */
async function brought(s: StubScene): Promise<void> {
  await expect
    .poll(async () => {
      await bring(s, BOT);
      return isOver(s);
    })
    .toBe(true);
}

async function bring(s: StubScene, sender: string): Promise<void> {
  const { room, content } = knocks(s).at(-1) ?? { room: "", content: {} };
  await s.stub.push([s.stub.event(room, sender, KNOCK, content)]);
}

const isOver = (s: StubScene): boolean =>
  s.logged.some((line) => line.includes("everything that was said has come in"));

it("behind its start the bot says something to itself, where nobody else is, until the homeserver brings it", async () => {
  const s = await scene({ limits: { knockAfterMs: 50 } });
  await knocked(s, 1);
  const [room] = [...s.stub.rooms.values()];
  expect([...(room?.members ?? [])]).toEqual([[BOT, "join"]]);
  await brought(s);
  expect(s.host.items).toEqual([]);
});

it("what it says to itself and is not brought is said again, and the homeserver is asked to send what it has", async () => {
  const s = await scene({ limits: { knockAfterMs: 50 } });
  await knocked(s, 1);
  // Anybody can say such a thing.
  await bring(s, ANNA);
  expect(isOver(s)).toBe(false);
  await knocked(s, 2);
  expect(s.stub.count("ping")).toBeGreaterThanOrEqual(1);
  await brought(s);
  expect(s.stub.rooms.size).toBe(1);
});

it("each end of an outage is one more reason, in the same room", async () => {
  const s = await scene({ limits: { knockAfterMs: 50 } });
  await knocked(s, 1);
  await brought(s);
  const before = knocks(s).length;
  s.stub.fail("presence", { kind: "html", status: 502 });
  const shown = s.home.showPresence(ghostOf("a@b.cd"), { availability: "online", text: "" });
  await expect(shown).rejects.toMatchObject({ code: "home-down" });
  await knocked(s, before + 1);
  expect(s.stub.rooms.size).toBe(1);
});

it("now and then the homeserver is asked to reach the bridge; that it cannot any more shows by itself", async () => {
  const s = await scene({ limits: { pingEveryMs: 100 } });
  await expect.poll(() => s.stub.count("ping")).toBeGreaterThan(2);
  expect(s.home.health().ready).toBe(true);
  s.stub.fail("ping", { kind: "answer", status: 502, body: { errcode: "M_CONNECTION_FAILED" } }, 8);
  await expect.poll(() => s.home.health().reasons.join()).toContain("cannot reach the bridge");
  await expect.poll(() => s.home.health().ready).toBe(true);
});
