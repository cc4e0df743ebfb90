import { describe, expect, it } from "vitest";
import { nameOfPeople, ownTopic, topicWithNote } from "../../../../src/matrix/groups/spelling.ts";

describe("a room without a name is called after its people", () => {
  it.each([
    [[], "Group chat"],
    [["Anna"], "Anna"],
    [["Ben", "Anna"], "Anna and Ben"],
    [["Dora", "Carol", "Ben", "Anna"], "Anna, Ben, Carol and Dora"],
    [["Anna", "Ben", "Carol", "Dora", "Erin"], "Anna, Ben, Carol and 2 others"],
    [["Anna", "Anna", " \u200b", "Be\nn"], "Anna and Be n"],
    [["x".repeat(60)], `${"x".repeat(39)}…`],
  ])("%j: %s", (people, name) => {
    expect(nameOfPeople(people)).toBe(name);
  });

  it("in whatever order they are given", () => {
    expect(nameOfPeople(["Carol", "Ben", "Anna"])).toBe(nameOfPeople(["Anna", "Carol", "Ben"]));
  });
});

describe("the topic of a room of others", () => {
  it.each([
    ["gets a line of the bridge", "About us", "Dora speaks through bob.", "About us\n⇄ Dora speaks through bob."],
    ["that is empty is that line", "", "Dora speaks.", "⇄ Dora speaks."],
    ["has one such line", "About us\n⇄ old", "new", "About us\n⇄ new"],
    ["loses it", "About us\n⇄ old", "", "About us"],
    ["that was only the line is empty again", "⇄ old", "", ""],
    ["is not said twice", "About us", "About us | Dora speaks.", "About us\n⇄ Dora speaks."],
    ["that is the group's own needs no line", "About us", "About us", "About us"],
    ["keeps arrows of its own", "⇄ both ways\nsince 2005", "note", "⇄ both ways\nsince 2005\n⇄ note"],
    ["gets one line and no more", "A", "two\nlines", "A\n⇄ two lines"],
  ])("%s", (_what, topic, note, then) => {
    expect(topicWithNote(topic, note)).toBe(then);
    expect(topicWithNote(then, note)).toBe(then);
  });

  it("keeps the lines of other bridges, and has its own in the place of the one before", () => {
    const both = topicWithNote(topicWithNote("About us", "Zoe speaks.", ""), "Dora speaks.", "");
    expect(both).toBe("About us\n⇄ Zoe speaks.\n⇄ Dora speaks.");
    expect(topicWithNote(both, "Zoe speaks.", "Zoe speaks.")).toBe(both);
    expect(topicWithNote(both, "Zoe is silent.", "Zoe speaks.")).toBe("About us\n⇄ Zoe is silent.\n⇄ Dora speaks.");
    expect(topicWithNote(both, "", "Zoe speaks.")).toBe("About us\n⇄ Dora speaks.");
    expect(topicWithNote(both, "", "")).toBe(both);
    expect(topicWithNote(both, "Dora speaks.", "Zoe speaks.")).toBe("About us\n⇄ Dora speaks.");
    expect(ownTopic(both)).toBe("About us");
  });

  it("has our line found again when people have changed what is theirs of it", () => {
    const relayed = topicWithNote("About us", "About us | Dora speaks.", "");
    const theirs = relayed.replace("About us", "Holidays");
    const now = topicWithNote(theirs, "About us | Dora speaks.", "About us | Dora speaks.");
    expect(now).toBe("Holidays\n⇄ About us | Dora speaks.");
    expect(topicWithNote(theirs, "Dora speaks.", "About us | Dora speaks.")).toBe(theirs);
    expect(topicWithNote(theirs, "", "About us | Dora speaks.")).toBe("Holidays");
    expect(topicWithNote(theirs, "Zoe speaks.", "")).toBe("Holidays\n⇄ Dora speaks.\n⇄ Zoe speaks.");
  });

  it("costs no more than its length, whatever people write", () => {
    const topic = `${"\n⇄ ".repeat(100_000)}\nx`;
    const started = performance.now();
    expect(ownTopic(topic)).toBe(topic);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it.each([
    ["About us\nand you\n⇄ old", "About us\nand you"],
    ["no line", "no line"],
  ])("%j is of the people: %j", (topic, own) => {
    expect(ownTopic(topic)).toBe(own);
  });
});
