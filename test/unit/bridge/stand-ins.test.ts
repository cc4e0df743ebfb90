import { expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { parseHomeName, residentId, roomId } from "../../../src/bridge/model.ts";
import { StandIns } from "../../../src/bridge/stand-ins.ts";

const anna = { resident: residentId(parseHomeName("xmpp"), "anna@example.org"), room: roomId("bob") };
const picture = { what: "a picture", text: "[picture] cat.png", network: "MSN" };

/** What is known outlives the bridge. */
function scene() {
  const known = new Set<string>();
  const store = {
    knows: async (who: string, fact: string) => known.has(`${who} ${fact}`),
    learned: async (who: string, fact: string) => {
      known.add(`${who} ${fact}`);
    },
  };
  const told: string[] = [];
  const say = async (words: string): Promise<void> => {
    told.push(words);
  };
  return { told, say, start: () => new StandIns(store) };
}

test("anna is told once a day what has become of her pictures, and of stickers again", async () => {
  const { told, say, start } = scene();
  const standIns = start();
  await standIns.tell(anna, picture, say);
  await standIns.tell(anna, picture, say);
  await standIns.tell(anna, { ...picture, what: "a sticker" }, say);
  expect(told).toEqual([
    "MSN cannot be given a picture: what has arrived there is “[picture] cat.png”. I say this once a day.",
    "MSN cannot be given a sticker: what has arrived there is “[picture] cat.png”. I say this once a day.",
  ]);
});

test("a bridge that was stopped meanwhile does not say it again", async () => {
  const { told, say, start } = scene();
  await start().tell(anna, picture, say);
  await start().tell(anna, picture, say);
  expect(told).toHaveLength(1);
});

test("two pictures at once are told of once", async () => {
  const { told, say, start } = scene();
  const standIns = start();
  await Promise.all([standIns.tell(anna, picture, say), standIns.tell(anna, picture, say)]);
  expect(told).toHaveLength(1);
});

test("what could not be said is said with the next picture", async () => {
  const { told, say, start } = scene();
  const standIns = start();
  const down = async (): Promise<never> => {
    throw new BridgeError("home-down");
  };
  await expect(standIns.tell(anna, picture, down)).rejects.toThrow("home-down");
  await standIns.tell(anna, picture, say);
  expect(told).toHaveLength(1);
});
