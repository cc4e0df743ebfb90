import { describe, expect, it } from "vitest";
import { carriesPassword } from "../../../../src/matrix/convert/password.ts";

const networks = ["escargot", "crosstalk"];

describe("a line to the bot", () => {
  it.each([
    "link anna@example.com hunter2",
    "LINK anna@example.com hunter2",
    "link escargot anna@example.com hunter2",
    "link anna@example.com escargot hunter2",
    "link anna hunter2",
    "link hunter2",
    "!msn link anna@example.com hunter2",
    "!msn  login anna@example.com hunter2",
    "/link anna@example.com hunter2",
    "link\nanna@example.com\nhunter2",
    "link: anna@example.com hunter2",
    "relink anna@example.com hunter2",
    "login anna@example.com hunter2",
    "login hunter2",
    "sign-in anna@example.com hunter2",
    "password hunter2",
    "Password: hunter2",
    "pass hunter2",
    "pw hunter2",
    "my password is hunter2",
    "here: password=hunter2",
    "Passwort: hunter2",
    "anna@example.com hunter2",
    "anna@example.com:hunter2",
    "link anna@example.com correct horse battery staple",
    "hunter2",
    "tr0ub4dor&3",
  ])("%j carries a password", (line) => {
    expect(carriesPassword(line, networks)).toBe(true);
  });

  it.each([
    "link",
    "!msn link",
    "link escargot",
    "link Escargot",
    "link anna@example.com",
    "link escargot anna@example.com",
    "login",
    "unlink",
    "unlink anna@example.com",
    "chat anna@example.com",
    "help link",
    "help password",
    "password",
    "psm passing by",
    "psm link to my page",
    "status",
    "anna@example.com",
    "",
    "   ",
    "presence busy",
    "https://example.org/2026",
    "hello!!!",
    "danke👍1",
    "help me2",
  ])("%j carries none", (line) => {
    expect(carriesPassword(line, networks)).toBe(false);
  });

  it("is not searched without end", () => {
    expect(carriesPassword(`${"x ".repeat(500_000)}`, networks)).toBe(false);
  });
});
