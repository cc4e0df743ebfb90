import { describe, expect, test } from "vitest";
import { collectAnswers, type Terminal } from "../../../src/cli/init/ask.ts";

/** A person who gives these answers, in this order. */
function person(...lines: string[]): Terminal & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    prompt: async (text) => {
      seen.push(text);
      return lines.shift();
    },
    say: (text) => void seen.push(text),
    close: () => {},
  };
}

// Nothing listens at port 9 of loopback, so that "does it work" fails at once.
const FLAGS = {
  serverName: "example.org",
  homeserverUrl: "http://127.0.0.1:9",
  bridgeUrl: "http://127.0.0.1:29340",
  publicUrl: "http://127.0.0.1:29341",
  networks: "sandbox",
  admin: "@you:example.org",
};

describe("answers by flags", () => {
  test("are taken although nothing runs yet, with a word about it", async () => {
    const terminal = person();
    expect(await collectAnswers(FLAGS, terminal)).toEqual(FLAGS);
    expect(terminal.seen.join("\n")).toContain("taken all the same: http://127.0.0.1:9 cannot be reached");
  });

  test("of a wrong form end the program and name the flag", async () => {
    await expect(collectAnswers({ ...FLAGS, admin: "you" }, person())).rejects.toThrow(
      "--admin you: a Matrix id looks",
    );
    await expect(collectAnswers({ ...FLAGS, networks: "escargto" }, person())).rejects.toThrow(
      "did you mean escargot?",
    );
  });

  test("without a person, the one answer that cannot be guessed must be given", async () => {
    const { serverName: _, ...rest } = FLAGS;
    await expect(collectAnswers(rest, person())).rejects.toThrow("--server-name is needed");
  });
});

describe("a person", () => {
  const { serverName: _s, admin: _a, ...most } = FLAGS;

  test("gets proposals that follow from what was said before", async () => {
    const terminal = person("example.org", "");
    const answers = await collectAnswers(most, terminal);
    expect(answers.admin).toBe("@admin:example.org");
    expect(terminal.seen).toContain("Who is the admin (a Matrix id or a JID)? [@admin:example.org] ");
  });

  test("is asked again after an answer of a wrong form", async () => {
    const terminal = person("not a name!", "example.org", "@you:example.org");
    expect((await collectAnswers(most, terminal)).serverName).toBe("example.org");
    expect(terminal.seen).toContain("  a server name looks like example.org");
  });

  test("may insist on an answer that does not work yet", async () => {
    const { homeserverUrl: _h, ...others } = FLAGS;
    const terminal = person("http://127.0.0.1:9", "http://127.0.0.1:9");
    expect((await collectAnswers(others, terminal)).homeserverUrl).toBe("http://127.0.0.1:9");
    expect(terminal.seen.filter((text) => text.includes("give the same answer again"))).toHaveLength(1);
  });
});
