import { expect, test } from "vitest";
import { groupHandle } from "../../../../src/bridge/groups/model.ts";
import { circleOf, invitationOf, lastingHandle, liveGroup } from "../../../../src/msn/convert/group.ts";
import type { CircleMember, Conversation, ConversationRole, Email } from "../../../../src/msnp/index.ts";
import { parseEmail } from "../../../../src/msnp/index.ts";

const [ALICE, BOB, CAROL, DAVE] = ["alice", "bob", "carol", "dave"].map((name) => parseEmail(`${name}@msn.test`)) as [
  Email,
  Email,
  Email,
  Email,
];
const GUID = "00000000-0000-0000-0009-0123456789ab";
const self = { email: ALICE, displayName: "Alice" };
const handle = groupHandle("h");

/** As much of a conversation as can be seen. */
function seen(
  kind: Conversation["kind"],
  participants: readonly Email[],
  more: {
    id?: string;
    name?: string;
    roles?: Readonly<Record<string, ConversationRole>>;
    names?: Readonly<Record<string, string>>;
  } = {},
): Conversation {
  const never = (): Promise<void> => Promise.reject(new Error("nothing is said here"));
  return {
    kind,
    id: more.id,
    name: more.name,
    members: new Set(participants),
    participants: new Set(participants),
    isGroup: true,
    isOver: false,
    joinsParts: false,
    nameOf: (email) => more.names?.[email],
    role: (email) => more.roles?.[email],
    sendText: never,
    sendTyping: never,
    sendNudge: never,
    sendBody: never,
    invite: never,
    close: never,
    leave: never,
  };
}

const listed = (email: Email, role: CircleMember["role"], state: CircleMember["state"]): CircleMember => ({
  contactId: email,
  email,
  name: email,
  role,
  state,
});

test("a switchboard is its people, in the order of their addresses, all of them members", () => {
  const names = { [CAROL]: "[b]Carol[/b]", [BOB]: "" };
  const live = liveGroup(seen("switchboard", [CAROL, BOB], { names, roles: { [BOB]: "admin" } }), { handle, self });
  expect(live).toEqual({
    handle,
    kind: "several",
    name: "",
    members: [
      { address: ALICE, name: "Alice", role: "member" },
      { address: BOB, role: "member" },
      { address: CAROL, name: "Carol", role: "member" },
    ],
  });
});

test("a circle is everybody in its address book but those who left or declined, and who is there besides", () => {
  const roles = { [ALICE]: "admin", [BOB]: "pending", [CAROL]: "member" } as const;
  const circle = seen("circle", [DAVE], { id: `9:${GUID}@live.com`, name: " Book\nclub ", roles });
  const eve = parseEmail("eve@msn.test");
  const people = [
    listed(ALICE, "admin", "accepted"),
    listed(BOB, "member", "invited"),
    listed(CAROL, "none", "accepted"),
    listed(eve, "member", "rejected"),
  ];
  const live = liveGroup(circle, { handle, self, people });
  expect(live).toMatchObject({ kind: "circle", circle: GUID, name: "Book club" });
  expect(live.partial).toBeUndefined();
  expect(live.members.map(({ address, role }) => [address, role])).toEqual([
    [ALICE, "admin"],
    [BOB, "pending"],
    [DAVE, "member"],
  ]);
});

test("a circle whose address book is not read yet says that not everybody is known", () => {
  const live = liveGroup(seen("circle", [BOB], { id: `9:${GUID}@live.com` }), { handle, self });
  expect(live.partial).toBe(true);
  expect(live.members.map(({ address }) => address)).toEqual([ALICE, BOB]);
});

test("circles and temporary groups have handles that last", () => {
  expect(circleOf(`9:${GUID.toUpperCase()}@live.com`)).toBe(GUID);
  expect(lastingHandle(seen("circle", [], { id: `9:${GUID}@live.com` }))).toBe(GUID);
  expect(lastingHandle(seen("group", [], { id: "10:abc@live.com" }))).toBe("10:abc@live.com");
  expect(lastingHandle(seen("switchboard", []))).toBeUndefined();
});

test("an invitation has who asks and what they say, on one line", () => {
  const circle = { id: `9:${GUID}@live.com`, name: "Book\u202Eclub", role: "pending", state: "invited" } as const;
  expect(invitationOf(circle)).toEqual({ circle: GUID, name: "Bookclub" });
  expect(invitationOf({ ...circle, inviter: BOB, invitation: "come\nin" })).toEqual({
    circle: GUID,
    name: "Bookclub",
    inviter: BOB,
    message: "come in",
  });
});
