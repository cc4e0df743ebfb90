import { describe, expect, it } from "vitest";
import { bridgeContent, bridgeKey, otherBridge, toldBefore } from "../../../../src/matrix/groups/note.ts";
import { RoomState } from "../../../../src/matrix/groups/state.ts";
import { newGroup, viewOf } from "../../../support/matrix-groups.ts";

const [OURS, THEIRS] = ["@_msnbot:a.test", "@_otherbot:b.test"];
const group = newGroup("circle");
const member = (user: string, membership = "join") => ({
  type: "m.room.member",
  state_key: user,
  sender: user,
  content: { membership },
});

/** What a bridge writes when it ties a room. */
const note = (sender: string, id = group, more: object = {}) => ({
  type: "m.bridge",
  state_key: bridgeKey(id),
  sender,
  content: { ...bridgeContent(viewOf(id, []), sender, "Chess"), ...more },
});
const found = (...events: unknown[]) => otherBridge(new RoomState(events), OURS, group);

describe("a room that another bridge has tied to the same group", () => {
  it("is known by its bot's note", () => {
    expect(found(member(THEIRS), note(THEIRS))).toBe(THEIRS);
    expect(found(member(THEIRS), { ...note(THEIRS), type: "uk.half-shot.bridge" })).toBe(THEIRS);
  });

  it("is known also where that bridge calls the network otherwise", () => {
    const theirs = { ...note(THEIRS), state_key: `msn://msn-again/~circle` };
    expect(found(member(THEIRS), theirs)).toBe(THEIRS);
  });

  it("is none where the note is our own, or of another group, or of another protocol", () => {
    expect(found(member(OURS), note(OURS))).toBeUndefined();
    expect(found(member(THEIRS), note(THEIRS, newGroup("other")))).toBeUndefined();
    expect(found(member(THEIRS), note(THEIRS, group, { protocol: { id: "irc" } }))).toBeUndefined();
  });

  it("is free again when that bridge has untied it, or its bot is gone", () => {
    expect(found(member(THEIRS), { ...note(THEIRS), content: {} })).toBeUndefined();
    expect(found(member(THEIRS, "leave"), note(THEIRS))).toBeUndefined();
    expect(found(note(THEIRS))).toBeUndefined();
  });
});

describe("what is written into a room", () => {
  it("is cut between characters: no homeserver takes half of one", () => {
    const long = `a${"\u{1F600}".repeat(1500)}`;
    const view = viewOf(group, [], { name: long, topic: long, plumbed: true });
    expect(JSON.stringify(bridgeContent(view, OURS, long))).not.toMatch(/\\ud83d|\uFFFD/);
  });
});

describe("what the bridge has said in the topic of a room of others", () => {
  it("is known by its note, is nothing before it has one or where another has one, and not known of an earlier version", () => {
    const { content } = note(OURS);
    const told = bridgeContent(viewOf(group, [], { plumbed: true, topic: "Dora speaks." }), OURS, "Chess");
    expect(toldBefore(told, OURS)).toBe("Dora speaks.");
    expect([toldBefore({}, OURS), toldBefore(told, THEIRS)]).toEqual(["", ""]);
    expect(toldBefore(content, OURS)).toBeUndefined();
  });
});
