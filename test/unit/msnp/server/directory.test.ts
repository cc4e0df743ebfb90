import { describe, expect, test } from "vitest";
import { Directory } from "../../../../src/msnp/server/state/directory.ts";
import { AL, BL, FL, listNames, PL, RL } from "../../../../src/msnp/server/state/lists.ts";

function people(...names: readonly string[]) {
  const directory = new Directory(5000);
  const accounts = names.map((name) =>
    directory.create({ email: `${name}@example.com`, password: "x", displayName: name }),
  );
  return { directory, accounts };
}

function pair() {
  const { directory, accounts } = people("ann", "ben");
  const [ann, ben] = accounts;
  if (ann === undefined || ben === undefined) throw new Error("two people expected");
  return { directory, ann, ben };
}

describe("Contact lists (msnp-core §5.1)", () => {
  test("whoever is put on a forward list has the owner on the reverse list, and waits", () => {
    const { directory, ann, ben } = pair();
    expect(directory.addToLists(ann, ben, FL | AL).forward).toBe(true);
    expect(listNames(ann.contacts.get(ben.id)?.lists ?? 0)).toEqual(["FL", "AL"]);
    expect(ben.contacts.get(ann.id)).toMatchObject({ lists: RL, pending: true });
    expect(directory.addToLists(ann, ben, FL).forward).toBe(false);
  });

  test("being taken off the forward list takes the owner off the reverse list", () => {
    const { directory, ann, ben } = pair();
    directory.addToLists(ann, ben, FL);
    expect(directory.removeFromLists(ann, ben, FL).forward).toBe(true);
    expect([ann.contacts.size, ben.contacts.size]).toEqual([0, 0]);
    expect(() => directory.removeFromLists(ann, ben, FL)).toThrow("no-such-account");
  });

  test("who has been answered waits no longer, but stays on the reverse list", () => {
    const { directory, ann, ben } = pair();
    directory.addToLists(ann, ben, FL);
    directory.removeFromLists(ben, ann, PL);
    expect(ben.contacts.get(ann.id)).toMatchObject({ lists: RL, pending: false });
    expect(() => directory.removeFromLists(ben, ann, PL)).toThrow("not-on-list");
  });

  test("a block wins over permission, and permission over BLP", () => {
    const { directory, ann, ben } = pair();
    ann.status = "NLN";
    expect(ann.statusFor(ben)).toBe("NLN");
    ann.settings.blp = "BL";
    expect(ann.statusFor(ben)).toBe("FLN");
    directory.addToLists(ann, ben, AL);
    expect(ann.statusFor(ben)).toBe("NLN");
    directory.addToLists(ann, ben, BL);
    expect(ann.statusFor(ben)).toBe("FLN");
    expect(ann.statusFor(ann)).toBe("NLN");
  });

  test("hidden looks offline to others and hidden to oneself", () => {
    const { ann, ben } = pair();
    ann.status = "HDN";
    expect([ann.statusFor(ben), ann.statusFor(ann)]).toEqual(["FLN", "HDN"]);
  });

  test("a forward list holds a thousand", () => {
    const names = Array.from({ length: 1002 }, (_, index) => `p${index}`);
    const { directory, accounts } = people(...names);
    const [owner, last, ...others] = accounts;
    if (owner === undefined || last === undefined) throw new Error("people expected");
    for (const other of others) directory.addToLists(owner, other, FL);
    expect(() => directory.addToLists(owner, last, FL)).toThrow("list-full");
    expect(last.contacts.size).toBe(0);
  });

  test("an unknown group changes nothing", () => {
    const { directory, ann, ben } = pair();
    expect(() => directory.addToLists(ann, ben, FL, "nonsense")).toThrow("no-such-group");
    expect(ann.contacts.size).toBe(0);
  });

  test("groups are numbered from the lowest free number", () => {
    const { directory, ann } = pair();
    const first = directory.addGroup(ann, "one");
    expect([first.number, directory.addGroup(ann, "two").number]).toEqual([1, 2]);
    directory.removeGroup(ann, first);
    expect(directory.addGroup(ann, "three").number).toBe(1);
    expect(ann.group("2")?.name).toBe("two");
  });

  test("an address is found in any case; nonsense finds nobody", () => {
    const { directory, ann } = pair();
    expect(directory.byEmail("ANN@Example.COM")).toBe(ann);
    expect(directory.byEmail("%%%")).toBeUndefined();
  });

  test("passwords are not shown when an account is printed", () => {
    const directory = new Directory(1);
    const account = directory.create({ email: "a@b.c", password: "topsecret", displayName: "A" });
    expect(account.hasPassword("topsecret")).toBe(true);
    expect(JSON.stringify(account)).not.toContain("topsecret");
  });
});
