import { describe, expect, test } from "vitest";
import { encodeMime, parseMime } from "../../../../src/msnp/message/mime.ts";
import type { HeaderList } from "../../../../src/msnp/message/multipart.ts";
import { fromBoard, toBoard } from "../../../../src/msnp/server/ns/late/board-messages.ts";
import { Account } from "../../../../src/msnp/server/state/account.ts";

const ALICE = new Account("alice@example.com", "1", "Alice", "secret");
const PLAIN = "text/plain; charset=UTF-8";

function there(type: string, body: string, ...headers: HeaderList): string | undefined {
  const content: HeaderList = [["Messaging", "2.0"], ["Message-Type", type], ...headers];
  return toBoard(ALICE, type, { routing: [], reliability: [], content, body: Buffer.from(body) })?.toString();
}

function back(headers: HeaderList, body: string): [HeaderList | undefined, string] | undefined {
  const said = fromBoard(parseMime(encodeMime(headers, body)));
  return said && [said.content, said.body.toString()];
}

describe("Messages on their way to a switchboard", () => {
  test("a text keeps its looks", () => {
    expect(there("Text", "hi", ["Content-Type", PLAIN], ["X-MMS-IM-Format", "FN=Arial"])).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial\r\n\r\nhi",
    );
  });

  test.each([
    ["Control/Typing", "", "Content-Type: text/x-msmsgscontrol\r\nTypingUser: alice@example.com\r\n\r\n"],
    ["Nudge", "\r\n", "Content-Type: text/x-msnmsgr-datacast\r\n\r\nID: 1\r\n"],
    ["Wink", "<msnobj/>", "Content-Type: text/x-msnmsgr-datacast\r\n\r\nID: 2\r\nData: <msnobj/>\r\n"],
  ])("%s has its form there", (type, body, expected) => {
    expect(there(type, body)).toContain(expected);
  });

  test("an emoticon keeps its type; signals and data have no form", () => {
    expect(there("CustomEmoticon", ":)\t<msnobj/>\t", ["Content-Type", "text/x-mms-animemoticon"])).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/x-mms-animemoticon\r\n\r\n:)\t<msnobj/>\t",
    );
    for (const type of ["Data", "Signal/P2P", "Signal/CloseIMWindow", "Unheard/Of"])
      expect(there(type, "")).toBeUndefined();
  });
});

describe("Messages on their way from a switchboard", () => {
  const version = ["MIME-Version", "1.0"] as const;
  const typed = (type: string, contentType: string, length: number): HeaderList => [
    ["Messaging", "2.0"],
    ["Message-Type", type],
    ["Content-Type", contentType],
    ["Content-Length", String(length)],
  ];

  test("a text keeps its looks and the name of its sender", () => {
    const said = back([version, ["Content-Type", PLAIN], ["X-MMS-IM-Format", "FN=Arial"], ["P4-Context", "Bo"]], "hi");
    expect(said).toEqual([
      [...typed("Text", PLAIN, 2), ["X-MMS-IM-Format", "FN=Arial"], ["IM-Display-Name", "Bo"]],
      "hi",
    ]);
  });

  test("typing, nudge, wink and emoticon have their types", () => {
    const datacast = ["Content-Type", "text/x-msnmsgr-datacast"] as const;
    expect(back([version, ["Content-Type", "text/x-msmsgscontrol"], ["TypingUser", "b@c.d"]], "\r\n")).toEqual([
      typed("Control/Typing", PLAIN, 0),
      "",
    ]);
    expect(back([version, datacast], "ID: 1\r\n\r\n")).toEqual([typed("Nudge", PLAIN, 2), "\r\n"]);
    expect(back([version, datacast], "ID: 2\r\nData: <o/>\r\n\r\n")).toEqual([typed("Wink", PLAIN, 4), "<o/>"]);
    expect(back([version, ["Content-Type", "text/x-mms-emoticon"]], ":)\t<o/>\t")).toEqual([
      typed("CustomEmoticon", "text/x-mms-emoticon", 8),
      ":)\t<o/>\t",
    ]);
  });

  test("what has no type there is not passed on", () => {
    for (const type of [
      "text/x-msnmsgr-datacast",
      "text/x-msmsgscontrol",
      "text/x-clientcaps",
      "application/x-msnmsgrp2p",
    ]) {
      expect(back([version, ["Content-Type", type]], "ID: 3\r\n\r\n")).toBeUndefined();
    }
  });
});
