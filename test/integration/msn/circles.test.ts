import { afterEach, describe, expect, test } from "vitest";
import type { GroupHandle } from "../../../src/bridge/groups/model.ts";
import { parseContactAddress } from "../../../src/bridge/model.ts";
import { learnsCircles } from "../../../src/bridge/ports/groups.ts";
import { listsDevices } from "../../../src/bridge/ports/network.ts";
import type { DialectName } from "../../../src/msnp/index.ts";
import { until } from "../../unit/bridge/support.ts";
import { ALICE, BOB, CAROL, eventually } from "../msnp-client/stage.ts";
import { GroupStage, type Ours, peopleOf, reading } from "./group-stage.ts";

const bob = parseContactAddress(BOB);
const carol = parseContactAddress(CAROL);

let world: GroupStage;
afterEach(() => world.close());

/** What the core has been told last of the only circle. */
const now = ({ groups }: Ours): string => {
  const live = groups.at(-1);
  return live === undefined ? "" : peopleOf(live);
};

/** Waits until a session says that it knows of its circles. */
async function knows({ session }: Ours): Promise<void> {
  if (!learnsCircles(session)) throw new Error("an MSN session learns of circles");
  await session.circlesKnown();
}

/** Alice at the bridge has made a circle, and Bob, at the bridge too, is in it. */
async function together(): Promise<{ anna: Ours; rob: Ours; handle: GroupHandle }> {
  const [anna, rob] = [await world.ours(ALICE, 1), await world.ours(BOB, 2)];
  const { handle } = await anna.session.createCircle("Book\u202E\nclub");
  await anna.session.inviteToGroup(handle, bob);
  await rob.heard("invited Book club");
  await rob.session.answerCircle(handle, true);
  await eventually(() => now(anna)).toBe("alice (admin),bob");
  await eventually(() => now(rob)).toBe("alice (admin),bob");
  return { anna, rob, handle };
}

describe.each<DialectName>(["MSNP18", "MSNP21"])("a circle at %s", (dialect) => {
  test("is made, and people are asked in, come and talk under one handle", async () => {
    world = await GroupStage.open(dialect);
    const { anna, rob, handle } = await together();
    expect(handle).toMatch(/^00000000-0000-0000-0009-[0-9a-f]{12}$/);
    expect(rob.groups.at(-1)).toMatchObject({ handle, kind: "circle", circle: handle, name: "Book club" });
    expect(rob.session.circleInvitations()).toEqual([]);
    await anna.session.sendToGroup(handle, "welcome", undefined, "mark-1");
    await rob.heard("message alice: welcome #mark-1");
    await rob.session.nudgeGroup(handle, "mark-2");
    await anna.heard("message bob: sent a nudge #mark-2 !");
    await rob.session.typeInGroup(handle);
    await anna.heard("typing bob");
    expect(rob.log.find((line) => line.startsWith("direct"))).toBeUndefined();
  });

  test("shows who was asked, and forgets who declines", async () => {
    world = await GroupStage.open(dialect);
    const { anna, handle } = await together();
    const cara = await world.ours(CAROL, 3);
    await anna.session.inviteToGroup(handle, carol);
    await cara.heard("invited Book club");
    expect(cara.session.circleInvitations()).toEqual([{ circle: handle, name: "Book club", inviter: ALICE }]);
    await eventually(() => now(anna)).toBe("alice (admin),bob,carol (pending)");
    await cara.session.answerCircle(handle, false);
    await eventually(() => now(anna)).toBe("alice (admin),bob");
    expect(cara.log).toEqual(["invited Book club"]);
    await expect(cara.session.answerCircle(handle, true)).rejects.toMatchObject({ code: "group-gone" });
  });

  test("is known of, with who has asked, when the session says so, and not before", async () => {
    world = await GroupStage.open(dialect);
    const { anna, handle } = await together();
    await anna.session.inviteToGroup(handle, carol);
    const { faults } = world.stage.network;
    faults.arm({ place: "HTTP", account: CAROL, at: "ABFindContactsPaged", fault: { kind: "delay", ms: 300 } });
    const cara = await world.ours(CAROL, 3);
    await knows(cara);
    expect(cara.session.circleInvitations()).toHaveLength(1);
    await anna.session.close();
    await eventually(() => world.stage.network.load.sessions).toBe(2);
    const again = await world.ours(ALICE, 1);
    await knows(again);
    expect([...again.session.liveGroups()].map(({ name }) => name)).toEqual(["Book club"]);
  });

  test("is waited for by nobody when the service is away", async () => {
    world = await GroupStage.open(dialect);
    const fault = { kind: "status", status: 503 } as const;
    world.stage.network.faults.arm({ place: "HTTP", account: CAROL, at: "ABFindContactsPaged", fault });
    const cara = await world.ours(CAROL, 3);
    await knows(cara);
    expect(cara.session.circleInvitations()).toEqual([]);
  });

  test("lets only its admins ask people in, and tells of a role that was given elsewhere", async () => {
    world = await GroupStage.open(dialect);
    const { anna, rob, handle } = await together();
    await expect(rob.session.inviteToGroup(handle, carol)).rejects.toMatchObject({ code: "group-refused" });
    world.stage.network.setCircleRole(handle, BOB, "AssistantAdmin");
    await eventually(() => now(anna)).toBe("alice (admin),bob (admin)");
    await eventually(() => now(rob)).toBe("alice (admin),bob (admin)");
    await rob.session.inviteToGroup(handle, carol);
    await eventually(() => now(anna)).toBe("alice (admin),bob (admin),carol (pending)");
  });

  test("tells at the sign-in of who has asked meanwhile, once, and asks nobody twice", async () => {
    world = await GroupStage.open(dialect);
    const { anna, handle } = await together();
    await anna.session.inviteToGroup(handle, carol);
    await eventually(() => now(anna)).toBe("alice (admin),bob,carol (pending)");
    await expect(anna.session.inviteToGroup(handle, carol)).rejects.toMatchObject({ code: "contact-known" });
    await expect(anna.session.inviteToGroup(handle, bob)).rejects.toMatchObject({ code: "contact-known" });
    const cara = await world.ours(CAROL, 3);
    await cara.heard("invited Book club");
    expect(cara.session.circleInvitations()).toHaveLength(1);
    await cara.session.answerCircle(handle, true);
    await eventually(() => now(cara)).toBe("alice (admin),bob,carol");
    await eventually(() => now(anna)).toBe("alice (admin),bob,carol");
    expect(cara.log.filter((line) => line.startsWith("invited"))).toHaveLength(1);
  });

  test("keeps who is away, and has them back when they sign in again", async () => {
    world = await GroupStage.open(dialect);
    const { anna, rob, handle } = await together();
    await rob.session.close();
    await eventually(() => world.stage.network.load.sessions).toBe(1);
    expect(now(anna)).toBe("alice (admin),bob");
    const again = await world.ours(BOB, 2);
    await eventually(() => now(again)).toBe("alice (admin),bob");
    expect(again.groups.every(({ partial }) => partial === undefined)).toBe(true);
    await again.session.sendToGroup(handle, "back again", undefined, "mark-3");
    await anna.heard("message bob: back again #mark-3");
    expect(now(anna)).toBe("alice (admin),bob");
  });

  test("is left for good, by the last admin never", async () => {
    world = await GroupStage.open(dialect);
    const { anna, rob, handle } = await together();
    await expect(anna.session.leaveGroup(handle)).rejects.toMatchObject({
      code: "group-refused",
      person: "That was not done: the last admin cannot leave a circle.",
    });
    await rob.session.leaveGroup(handle);
    await rob.heard("ended");
    await eventually(() => now(anna)).toBe("alice (admin)");
    await expect(rob.session.sendToGroup(handle, "x", undefined, "m")).rejects.toMatchObject({ code: "group-gone" });
    const again = await world.ours(BOB, 4);
    expect([...again.session.liveGroups()]).toEqual([]);
  });

  test("hears alice's own words from her laptop, with the place", async () => {
    world = await GroupStage.open(dialect);
    const { anna, rob, handle } = await together();
    const laptop = await world.laptop(ALICE);
    const id = `9:${handle}@live.com`;
    await eventually(() => laptop.circles.list.get(id)?.state).toBe("accepted");
    await until(
      "the laptop",
      () => listsDevices(anna.session) && anna.session.devices().some((one) => one.name !== "" && !one.isSelf),
    );
    await eventually(async () => {
      await laptop.circles
        .conversation(id)
        .sendText("from my laptop")
        .catch(() => {});
      return anna.log.at(-1);
    }).toBe("message alice: from my laptop at Laptop");
    await rob.heard("message alice: from my laptop");
  });

  test("is told with all its people before its first words, also just after a sign-in", async () => {
    world = await GroupStage.open(dialect);
    const { anna, rob, handle } = await together();
    await rob.session.close();
    const again = await world.ours(BOB, 2);
    await eventually(async () => {
      await anna.session.sendToGroup(handle, "there?", undefined, "m");
      return again.words.length;
    }).toBeGreaterThan(0);
    expect(again.log[0]).toMatch(/^group alice( \(admin\))?,bob( and others)?$/);
    await eventually(() => now(again)).toBe("alice (admin),bob");
  });

  test("cannot be renamed or have roles given by the bridge: it never could outside of the web site", async () => {
    world = await GroupStage.open(dialect);
    const { anna, handle } = await together();
    const refused = (detail: RegExp) => ({ code: "not-offered", context: { detail: expect.stringMatching(detail) } });
    await expect(anna.session.nameGroup(handle, "Us")).rejects.toMatchObject(refused(/renamed on MSN's web site/));
    await expect(anna.session.removeMember(handle, bob)).rejects.toMatchObject(refused(/removed on MSN's web site/));
    await expect(anna.session.setGroupRole(handle, bob, "admin")).rejects.toMatchObject(refused(/web site/));
  });
});

test("MSNP18: who is asked in between the reading of their circles and the right to them is told of it", async () => {
  world = await GroupStage.open("MSNP18");
  const { anna, handle } = await together();
  const { faults } = world.stage.network;
  const read = faults.arm({
    place: "HTTP",
    account: CAROL,
    at: "ABFindContactsPaged",
    fault: { kind: "delay", ms: 1 },
  });
  // The third of that name, behind the two that sign in, claims the circles.
  faults.arm({ place: "NS", account: CAROL, at: "USR", nth: 3, fault: { kind: "delay", ms: 2000 } });
  const cara = await world.ours(CAROL, 3);
  await eventually(() => read.strikes).toBe(1);
  await anna.session.inviteToGroup(handle, carol);
  await cara.heard("invited Book club");
});

test.each(["MSNP11", "MSNP15"] as const)("%s: circles are not offered", async (dialect) => {
  world = await GroupStage.open(dialect);
  const ours = await world.ours(ALICE);
  const { session } = ours;
  await knows(ours);
  await expect(session.createCircle("Book club")).rejects.toMatchObject({
    code: "not-offered",
    context: { detail: `${dialect} has no circles, or they are not wanted` },
  });
  expect(session.circleInvitations()).toEqual([]);
});

test("people at clients of their own and accounts of the bridge are in one circle", async () => {
  world = await GroupStage.open("MSNP21");
  const { rob, handle, anna } = await together();
  const hers = await world.person(CAROL);
  await anna.session.inviteToGroup(handle, carol);
  const id = `9:${handle}@live.com`;
  await eventually(() => hers.circles.list.get(id)?.state).toBe("invited");
  await hers.circles.accept(id);
  await eventually(() => now(rob)).toBe("alice (admin),bob,carol");
  const atCarol = reading(hers);
  await eventually(() => hers.circles.conversation(id).members.size).toBe(2);
  await hers.circles.conversation(id).sendText("hello circle");
  await Promise.all([anna.heard("message carol: hello circle"), rob.heard("message carol: hello circle")]);
  await rob.session.sendToGroup(handle, "hello carol", undefined, "m");
  await atCarol.heard("bob: hello carol");
});
