import { expect, test } from "vitest";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { Presence } from "../../../src/bridge/model.ts";
import { AVAILABILITIES } from "../../../src/bridge/model.ts";
import { mergePresence, OFFLINE, ownPresence, PresenceBoard } from "../../../src/bridge/presence.ts";
import { shownPresence } from "../../../src/bridge/shown.ts";
import { ToyHome } from "../../support/toy-home.ts";
import { account, alice, contact, NET, record, silent, until } from "./support.ts";

const see = (availability: (typeof AVAILABILITIES)[number], text = "") => ({ availability, text });
const bob = { network: NET, contact: contact("bob") };

test("nobody's view is offline; one view is that view", () => {
  expect(mergePresence([])).toEqual(OFFLINE);
  for (const availability of AVAILABILITIES)
    expect(mergePresence([see(availability, "x")]).availability).toBe(availability);
});

test("the most present of several views counts, with its words, whatever their order", () => {
  const views = [see("offline", "no"), see("away", "away words"), see("busy", "busy words")];
  expect(mergePresence(views)).toEqual(see("busy", "busy words"));
  expect(mergePresence(views.toReversed())).toEqual(see("busy", "busy words"));
  expect(mergePresence([see("idle"), see("online")]).availability).toBe("online");
  expect(mergePresence([see("hidden"), see("idle")]).availability).toBe("idle");
});

test("what the network sees of an owner: the wish, else the home, else online; absent as the operator set it", () => {
  const member = (change: Parameters<typeof record>[1], home?: ReturnType<typeof see>) => ({
    record: record("alice", change),
    homes: new Map(home ? [[alice, home]] : []),
  });
  expect(shownPresence(member({}), "hidden")).toEqual(see("online"));
  expect(shownPresence(member({}, see("busy", "b")), "hidden")).toEqual(see("busy", "b"));
  expect(shownPresence(member({}, see("offline", "b")), "away")).toEqual(see("away", "b"));
  expect(shownPresence(member({ wishedAvailability: "away", wishedText: "w" }, see("busy", "b")), "hidden")).toEqual(
    see("away", "w"),
  );
});

test("who is in several homes is as present as in the most present one, with its words, else with any", () => {
  const of = (...homes: Presence[]) => ownPresence(homes);
  expect(of()).toBeUndefined();
  expect(of(see("offline", "gone"))).toEqual(see("offline", "gone"));
  expect(of(see("offline"), see("away", "lunch"))).toEqual(see("away", "lunch"));
  expect(of(see("busy", "work"), see("online"))).toEqual(see("online", "work"));
  expect(of(see("busy", "work"), see("online", "play"))).toEqual(see("online", "play"));
  expect(of({ ...see("idle"), media: "a song" }, see("online"))).toEqual({ ...see("online"), media: "a song" });
  expect(of({ ...see("idle"), media: "a song" }, { ...see("online"), media: "another" })?.media).toBe("another");
});

test("a home in which nobody shares a room with a contact any more is told so, and the others are not", async () => {
  const { home, board } = stage();
  const house = new ToyHome("toyhouse", "Toyhouse");
  const both = new PresenceBoard({ homes: [home, house], meter: noMeter, log: silent });
  board.stop();
  both.watch([home, house], bob, account());
  both.see(account(), bob, "Bob", see("online"));
  await until("both", () => home.presences.length === 1 && house.presences.length === 1);
  both.watch([home], bob, account());
  await until("the house", () => house.presences.at(-1)?.presence.availability === "offline");
  both.see(account(), bob, "Bob", see("busy"));
  await until("home", () => home.presences.at(-1)?.presence.availability === "busy");
  expect(home.presences).toHaveLength(2);
  expect(house.presences).toHaveLength(2);
});

function stage(): { home: ToyHome; board: PresenceBoard } {
  const home = new ToyHome();
  return { home, board: new PresenceBoard({ homes: [home], meter: noMeter, log: silent }) };
}

test("who matters to nobody takes no memory", () => {
  const { home, board } = stage();
  for (let i = 0; i < 1000; i += 1)
    board.see(account(), { network: NET, contact: contact(`c${i}`) }, "x", see("online"));
  expect(board.size).toBe(0);
  expect(home.presences).toEqual([]);
});

test("who mattered once and no longer does takes no memory either, once the home knows", async () => {
  const { home, board } = stage();
  board.watch([home], bob, account());
  board.see(account(), bob, "Bob", see("online"));
  await until("bob to be shown", () => home.presences.length === 1);
  board.watch([], bob, account());
  await until("bob to be gone", () => board.size === 0);
  expect(home.presences.at(-1)?.presence).toEqual(OFFLINE);
});

test("a contact never shown is dropped at once when the room goes", () => {
  const { home, board } = stage();
  board.watch([home], bob, account());
  board.watch([], bob, account());
  expect(board.size).toBe(0);
});

test("as long as one owner has a room, another's leaving changes nothing", async () => {
  const { home, board } = stage();
  for (const name of ["alice", "dora"]) {
    board.watch([home], bob, account(name));
    board.see(account(name), bob, "Bob", see("online"));
  }
  await until("bob to be shown", () => home.presences.length > 0);
  board.watch([], bob, account("dora"));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(board.size).toBe(1);
  expect(home.presences.at(-1)?.presence.availability).toBe("online");
});

test("a name that the home refuses does not keep the presence from being shown", async () => {
  const { home, board } = stage();
  home.nameGhost = async () => {
    throw new Error("M_FORBIDDEN");
  };
  board.watch([home], bob, account());
  board.see(account(), bob, "Bob", see("busy"));
  await until("bob to be shown", () => home.presences.at(-1)?.presence.availability === "busy");
});

test("a presence that could not be written is written with the next change, even back to what it was", async () => {
  const { home, board } = stage();
  board.watch([home], bob, account());
  home.mode = "down";
  board.see(account(), bob, "Bob", see("online"));
  await new Promise((resolve) => setTimeout(resolve, 10));
  home.mode = "up";
  board.see(account(), bob, "Bob", see("online"));
  await until("bob to be shown", () => home.presences.at(-1)?.presence.availability === "online");
});

test("one slow ghost does not keep others waiting, and no two writes of one ghost are under way", async () => {
  const { home, board } = stage();
  const underWay = new Map<string, number>();
  let most = 0;
  home.showPresence = async (ghost, presence) => {
    const n = (underWay.get(ghost.contact) ?? 0) + 1;
    underWay.set(ghost.contact, n);
    most = Math.max(most, n);
    await new Promise((resolve) => setTimeout(resolve, 3));
    underWay.set(ghost.contact, n - 1);
    home.presences.push({ contact: ghost.contact, presence });
  };
  const ghosts = Array.from({ length: 20 }, (_, i) => ({ network: NET, contact: contact(`c${i}`) }));
  for (const ghost of ghosts) board.watch([home], ghost, account());
  for (const state of ["online", "busy", "away"] as const) {
    for (const ghost of ghosts) board.see(account(), ghost, "x", see(state));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  const last = (name: string) => home.presences.findLast((one) => one.contact === name)?.presence.availability;
  await until("the newest of all", () => ghosts.every(({ contact: name }) => last(name) === "away"));
  expect(most).toBe(1);
});
