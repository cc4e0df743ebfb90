import { describe, expect, test } from "vitest";
import { Account } from "../../../../src/msnp/server/state/account.ts";
import { type Circle, CircleError, Circles } from "../../../../src/msnp/server/state/circles.ts";
import { TemporaryGroups } from "../../../../src/msnp/server/state/groups.ts";

const account = (name: string): Account => new Account(`${name}@example.com`, name, name, "secret");
const [alice, bob, carol] = [account("alice"), account("bob"), account("carol")];
const by = { account: alice, name: "Alice", message: "join us" };

function circle(): Circle {
  const made = new Circles().create(alice, "Band", 0);
  if (made === undefined) throw new Error("no circle was made");
  return made;
}

function fault(change: () => void): string {
  try {
    change();
  } catch (error) {
    if (error instanceof CircleError) return error.fault;
    throw error;
  }
  return "none";
}

describe("A circle", () => {
  test("its id is found in any case, its maker is its admin", () => {
    const circles = new Circles();
    const made = circles.create(alice, "Band", 0);
    expect(made?.id).toMatch(/^00000000-0000-0000-0009-[0-9a-f]{12}$/);
    expect(circles.get(made?.id.toUpperCase() ?? "")).toBe(made);
    expect(circles.of(alice)).toEqual([made]);
    expect(made?.mayInvite(alice)).toBe(true);
  });

  test("named, asked, accepted: each step needs the one before", () => {
    const band = circle();
    expect(fault(() => band.invite(bob, by))).toBe("not-a-member");
    band.nameSomebody(bob);
    expect(fault(() => band.accept(bob))).toBe("not-a-member");
    band.invite(bob, by);
    expect(band.membership(bob)).toMatchObject({ role: "StatePendingOutbound", state: "WaitingResponse", inviter: by });
    expect(fault(() => band.invite(bob, by))).toBe("already-invited");
    expect(band.isAccepted(bob)).toBe(false);
    band.accept(bob);
    expect(band.membership(bob)).toMatchObject({ role: "Member", state: "Accepted", inviter: { message: undefined } });
    expect(fault(() => band.accept(bob))).toBe("already-member");
    expect(fault(() => band.nameSomebody(bob))).toBe("already-member");
    expect(band.mayInvite(bob)).toBe(false);
  });

  test("who refused or left can be named again", () => {
    const band = circle();
    band.nameSomebody(bob);
    band.invite(bob, by);
    band.decline(bob);
    expect(fault(() => band.decline(bob))).toBe("not-a-member");
    band.nameSomebody(bob);
    band.invite(bob, by);
    band.accept(bob);
    band.leave(bob);
    expect(fault(() => band.leave(bob))).toBe("not-a-member");
    expect(band.membership(bob)?.inviter).toBeUndefined();
    band.nameSomebody(bob);
    expect(band.membership(bob)).toMatchObject({ role: "Empty", state: "Empty" });
  });

  test("the last admin neither leaves nor steps down", () => {
    const band = circle();
    expect(fault(() => band.leave(alice))).toBe("last-admin");
    expect(fault(() => band.setRole(alice, "Member"))).toBe("last-admin");
    band.nameSomebody(bob);
    expect(fault(() => band.setRole(bob, "Admin"))).toBe("not-a-member");
    band.invite(bob, by);
    band.accept(bob);
    band.setRole(bob, "Admin");
    band.leave(alice);
    expect(band.isAccepted(alice)).toBe(false);
    expect(fault(() => band.leave(carol))).toBe("not-a-member");
  });

  test("it has room for 500", () => {
    const band = circle();
    for (let index = 1; index < 500; index++) band.nameSomebody(account(`p${index}`));
    expect(fault(() => band.nameSomebody(carol))).toBe("full");
  });
});

describe("A temporary group", () => {
  test("it lasts while somebody is in it; who was only asked does not keep it", () => {
    const groups = new TemporaryGroups();
    const group = groups.create(alice);
    const maker = group?.member(alice);
    if (group === undefined || maker === undefined) throw new Error("no group was made");
    maker.pending = false;
    expect(group.invite(bob)?.pending).toBe(true);
    expect(group.invite(bob)).toBeUndefined();
    expect(group.present.map((member) => member.account)).toEqual([alice]);
    expect(groups.get(group.guid.toUpperCase())).toBe(group);
    groups.leave(group, alice);
    expect(groups.get(group.guid)).toBeUndefined();
    expect(groups.size).toBe(0);
  });

  test("it has room for 50", () => {
    const group = new TemporaryGroups().create(alice);
    for (let index = 1; index < 50; index++) expect(group?.invite(account(`p${index}`))).toBeDefined();
    expect(group?.invite(carol)).toBeUndefined();
  });
});
