/** `msnbridge probe` as an operator runs it: the table, the reasons, the exit code. */
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { profileEnvironment } from "../../../src/cli/sandbox/profile-env.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";

const PROGRAM = new URL("../../../bin/msnbridge.mjs", import.meta.url).pathname;
const PEOPLE = "ann@sandbox.test,ben@sandbox.test,cat@sandbox.test";

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function probe(args: readonly string[], env: Record<string, string> = {}): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [PROGRAM, "probe", ...args],
      { env: { ...process.env, ...env } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

/** A network that is there already, with the people of the probe. */
async function running(): Promise<{ network: MsnNetwork; env: Record<string, string> }> {
  const network = await MsnNetwork.start({
    accounts: PEOPLE.split(",").map((email, i) => ({ email, password: `secret ${i + 1}`, displayName: email })),
  });
  onTestFinished(() => network.close());
  const passwords = [1, 2, 3].map((n) => [`MSNBRIDGE_TEST_PASSWORD_${n}`, `secret ${n}`]);
  return { network, env: { ...profileEnvironment(network.services), ...Object.fromEntries(passwords) } };
}

describe("msnbridge probe", () => {
  test("on the sandbox everything passes: 2 to 18 and 21 over TCP, and a dialect of each family over the gateway", {
    timeout: 900_000,
  }, async () => {
    const { code, out, err } = await probe(["--network", "sandbox", "--accounts", PEOPLE]);
    console.log(out);
    expect(`${out}${err}`).not.toContain("FAIL");
    expect(out).not.toContain("not tried");
    const rows = out.split("\n").filter((line) => /^MSNP\d+ +(tcp|gateway) /.test(line));
    const named = rows.map((line) => line.split(/ +/).slice(0, 2).join(" "));
    const byTcp = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21].map((n) => `MSNP${n} tcp`);
    const byGateway = [8, 11, 15, 18, 21].map((n) => `MSNP${n} gateway`);
    expect(named).toEqual([...byTcp, ...byGateway, ...byTcp, ...byGateway]);
    expect(out).toContain("Everything that is offered works: 23 row(s), 0 fails.");
    expect(code).toBe(0);
  });

  test("names what does not work and ends with 1", async () => {
    const { network, env } = await running();
    network.faults.arm({ place: "NS", at: "XFR", fault: { kind: "ignore" }, times: "always" });
    const { code, out } = await probe(
      ["--network", "sandbox", "--accounts", PEOPLE, "--dialects", "MSNP9", "--transports", "tcp", "--patience", "1"],
      { ...env, MSNBRIDGE_NETWORK_SANDBOX_LIMITS_REQUEST_SECONDS: "1" },
    );
    expect(out).toMatch(/^MSNP9 +tcp +pass +not offered +FAIL/m);
    expect(out).toMatch(/MSNP9 over tcp, text: FAIL: .+/);
    expect(code).toBe(1);
  });

  test("stops at the stage that fails", async () => {
    const { network, env } = await running();
    network.faults.arm({ place: "HTTP", at: "rst", fault: { kind: "refuse" }, times: "always" });
    const { code, out } = await probe(
      ["--network", "sandbox", "--accounts", PEOPLE, "--dialects", "MSNP18", "--transports", "tcp", "--patience", "2"],
      env,
    );
    expect(out).toMatch(/^MSNP18 +tcp +pass +pass +pass +pass +FAIL +not tried +not tried +not tried/m);
    expect(code).toBe(1);
  });

  test("with two accounts plays all that two can play", async () => {
    const { env } = await running();
    const two = PEOPLE.split(",").slice(0, 2).join(",");
    const { code, out } = await probe(
      ["--network", "sandbox", "--accounts", two, "--dialects", "msnp11", "--transports", "tcp", "--json"],
      env,
    );
    const [row] = JSON.parse(out) as { dialect: string; features: Record<string, { verdict: string }> }[];
    expect(row?.dialect).toBe("MSNP11");
    expect(row?.features["three people"]?.verdict).toBe("not tried");
    expect(row?.features.text?.verdict).toBe("pass");
    expect(code).toBe(0);
  });

  test("with one account shows the stages, and reads its password from a file", async () => {
    const { env } = await running();
    const file = join(mkdtempSync(join(tmpdir(), "msnbridge-probe-")), "passwords");
    writeFileSync(file, "ann@sandbox.test secret 1\n", { mode: 0o600 });
    const { MSNBRIDGE_TEST_PASSWORD_1: _, ...without } = env;
    const { code, out } = await probe(
      [
        "--network",
        "sandbox",
        "--accounts",
        "ann@sandbox.test",
        "--passwords",
        file,
        "--dialects",
        "MSNP2,MSNP18",
        "--transports",
        "tcp",
      ],
      without,
    );
    expect(out).toMatch(/^MSNP2 +tcp +pass +pass +pass +not offered +not offered +pass +pass +pass$/m);
    expect(out).toMatch(/^MSNP18 +tcp( +pass){8}$/m);
    expect(code).toBe(0);
  });

  test.each([
    [["--network", "sandbox", "--accounts", "nobody"], "no address"],
    [["--network", "sandbox", "--accounts", "a@x.test,A@x.test"], "twice"],
    [["--network", "nowhere", "--accounts", "a@x.test"], "no nowhere.yaml"],
    [["--network", "sandbox", "--accounts", "a@x.test", "--dialects", "MSNP99"], "does not speak MSNP99"],
    [["--network", "sandbox", "--accounts", "a@x.test", "--transports", "pigeon"], "no transport"],
    [["--network", "escargot", "--accounts", "a@x.test"], "no password for a@x.test"],
  ])("%j is refused: %s", async (args, why) => {
    const { code, err } = await probe(args);
    expect(err).toContain(why);
    expect(code).toBe(64);
  });
});
