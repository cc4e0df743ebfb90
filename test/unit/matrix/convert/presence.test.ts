import { describe, expect, it } from "vitest";
import { AVAILABILITIES } from "../../../../src/bridge/model.ts";
import { fromMatrixPresence, SHOWN, toMatrixPresence } from "../../../../src/matrix/convert/presence.ts";

describe("a contact's presence on Matrix", () => {
  it.each([
    ["online", "", "online", ""],
    ["online", "hi ", "online", "hi"],
    ["busy", "", "unavailable", "Busy"],
    ["idle", "gone", "unavailable", "Idle – gone"],
    ["be-right-back", "gone fishing", "unavailable", "Be right back – gone fishing"],
    ["away", "", "unavailable", "Away"],
    ["on-the-phone", "x", "unavailable", "On the phone – x"],
    ["out-to-lunch", "pasta", "unavailable", "Out to lunch – pasta"],
    ["hidden", "secret", "offline", ""],
    ["offline", "old words", "offline", ""],
  ] as const)("%s with %j is %s with %j", (availability, text, presence, status_msg) => {
    expect(toMatrixPresence({ availability, text })).toEqual({ presence, status_msg });
  });

  it("says what is playing last", () => {
    const presence = { availability: "away", text: "brb", media: "ABBA - SOS" } as const;
    expect(toMatrixPresence(presence).status_msg).toBe("Away – brb – ♫ ABBA - SOS");
  });
});

describe("a resident's presence", () => {
  it.each([
    [{ presence: "online" }, { availability: "online", text: "" }],
    [
      { presence: "online", status_msg: "coding" },
      { availability: "online", text: "coding" },
    ],
    [
      { presence: "unavailable", status_msg: null },
      { availability: "idle", text: "" },
    ],
    [
      { presence: "offline", status_msg: "bye" },
      { availability: "offline", text: "bye" },
    ],
    [{ presence: "busy" }, { availability: "busy", text: "" }],
    [
      { presence: "org.matrix.msc3026.busy", status_msg: "x" },
      { availability: "busy", text: "x" },
    ],
    [
      { presence: "online", status_msg: "Busy" },
      { availability: "busy", text: "" },
    ],
    [
      { presence: "online", status_msg: "busy: till five" },
      { availability: "busy", text: "till five" },
    ],
    [
      { presence: "unavailable", status_msg: "Out to lunch – pasta" },
      { availability: "out-to-lunch", text: "pasta" },
    ],
    [
      { presence: "online", status_msg: "Busybody" },
      { availability: "online", text: "Busybody" },
    ],
    [
      { presence: "online", status_msg: "Away in the mountains" },
      { availability: "online", text: "Away in the mountains" },
    ],
  ] as const)("%j is %j", (content, presence) => {
    expect(fromMatrixPresence(content)).toEqual(presence);
  });

  it.each([[null], ["online"], [{}], [{ presence: "dancing" }], [{ presence: 1 }]])("%j is none", (content) => {
    expect(fromMatrixPresence(content)).toBeUndefined();
  });

  it("comes back as it was sent, for every state that Matrix can tell", () => {
    for (const availability of AVAILABILITIES) {
      if (SHOWN[availability].state === "offline") continue;
      expect(fromMatrixPresence(toMatrixPresence({ availability, text: "words" }))).toEqual({
        availability,
        text: "words",
      });
    }
  });
});
