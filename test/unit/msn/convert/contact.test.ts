import { expect, test } from "vitest";
import { snapshotOf } from "../../../../src/msn/convert/contact.ts";
import type { MsnContact } from "../../../../src/msnp/index.ts";
import { parseEmail } from "../../../../src/msnp/index.ts";

const bob: MsnContact = {
  email: parseEmail("bob@msn.test"),
  network: 1,
  displayName: "",
  lists: new Set(["FL", "BL"]),
  groups: ["Work"],
  status: "PHN",
  personalMessage: "gone fishing",
  capabilities: { basic: 0, extended: 0 },
};
const song = { application: "", type: "Music", enabled: true, format: "{0} - {1}", args: ["Song", "Artist"] };

test("a contact without a name goes by the address", () => {
  expect(snapshotOf(bob)).toEqual({
    address: "bob@msn.test",
    displayName: "bob@msn.test",
    presence: { availability: "on-the-phone", text: "gone fishing" },
    listed: true,
    blocked: true,
    groups: ["Work"],
  });
});

test("what plays is told as the official client shows it, and nothing when it has stopped", () => {
  expect(snapshotOf({ ...bob, media: song }).presence.media).toBe("Song - Artist");
  expect(snapshotOf({ ...bob, media: { ...song, enabled: false } }).presence.media).toBeUndefined();
  expect(snapshotOf({ ...bob, media: { ...song, format: " {7} " } }).presence.media).toBeUndefined();
});
