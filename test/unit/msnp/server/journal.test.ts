import { describe, expect, test } from "vitest";
import { Directory } from "../../../../src/msnp/server/state/directory.ts";
import { journaled, ListJournal } from "../../../../src/msnp/server/state/journal.ts";
import { AL, BL, FL, PL, RL } from "../../../../src/msnp/server/state/lists.ts";

function pair() {
  const directory = new Directory(10);
  const [ann, ben] = ["ann", "ben"].map((name) =>
    directory.create({ email: `${name}@example.com`, password: "x", displayName: name }),
  );
  if (ann === undefined || ben === undefined) throw new Error("two people expected");
  return { directory, ann, ben };
}

describe("The journal of lists (msnp-chat §5.3)", () => {
  test("before the first reading nothing is known, afterwards all from that second on", () => {
    const { ben } = pair();
    const journal = new ListJournal();
    journal.note({ contact: ben, bit: AL, at: 500 });
    expect(journal.since(0)).toBeUndefined();
    journal.begin(1700);
    journal.begin(9000);
    journal.note({ contact: ben, bit: AL, at: 1800 });
    expect(journal.since(999)).toBeUndefined();
    expect(journal.since(Number.NaN)).toBeUndefined();
    expect(journal.since(1000)).toEqual([{ contact: ben, bit: AL, at: 1800 }]);
    expect(journal.since(2000)).toEqual([]);
  });

  test("the last change of a member on a list is the one that is kept", () => {
    const { ben } = pair();
    const journal = new ListJournal();
    journal.begin(0);
    journal.note({ contact: ben, bit: AL, at: 1000 });
    journal.note({ contact: ben, bit: BL, at: 2000 });
    journal.note({ contact: ben, bit: AL, at: 3000 });
    expect(journal.since(0)?.map(({ bit, at }) => [bit, at])).toEqual([
      [BL, 2000],
      [AL, 3000],
    ]);
  });

  test("a change is written down at both ends, each with the lists it has there", () => {
    const { directory, ann, ben } = pair();
    for (const account of [ann, ben]) account.journal.begin(0);
    journaled(ann, ben, 1000, () => directory.addToLists(ann, ben, FL | AL));
    expect(ann.journal.since(0)).toEqual([{ contact: ben, bit: AL, at: 1000 }]);
    expect(ben.journal.since(0)).toEqual([{ contact: ann, bit: PL, at: 1000 }]);
    journaled(ben, ann, 2000, () => directory.removeFromLists(ben, ann, PL));
    expect(ben.journal.since(2000)?.map(({ bit }) => bit)).toEqual([RL, PL]);
    journaled(ann, ben, 3000, () => directory.addToLists(ann, ben, FL | AL));
    expect(ann.journal.since(3000)).toEqual([]);
  });

  test("with too many changes it begins anew", () => {
    const { ben } = pair();
    const journal = new ListJournal();
    journal.begin(0);
    for (let index = 0; index <= 5000; index += 1) {
      journal.note({ contact: { ...ben, id: String(index) } as typeof ben, bit: AL, at: 10_000 + index });
    }
    expect(journal.since(10_000)).toBeUndefined();
    expect(journal.since(15_000)).toHaveLength(1);
  });
});
