/** The second registration: `registration --double-puppet`, `init --double-puppet`, and what `check` says of it. */
import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { checkDoublePuppet } from "../../../src/cli/check/double-puppet.ts";
import type { Exit } from "../../../src/cli/exit-codes.ts";
import { init } from "../../../src/cli/init/init.ts";
import { writeRegistration } from "../../../src/cli/registration.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { parsePuppetRegistration } from "../../../src/matrix/registration.ts";
import { startHomeserver } from "./servers.ts";

async function initialised(doublePuppet?: true): Promise<{ dir: string; config: string; said: string }> {
  const dir = mkdtempSync(join(tmpdir(), "msnbridge-puppet-"));
  const homeserver = await startHomeserver("example.test");
  const said: string[] = [];
  const answers = {
    serverName: "example.test",
    homeserverUrl: homeserver.url,
    bridgeUrl: "http://127.0.0.1:9",
    publicUrl: "http://127.0.0.1:9",
    networks: "sandbox",
    admin: "@you:example.test",
  };
  const nobody = { prompt: async () => undefined, say: (text: string) => said.push(text), close: () => {} };
  await init({ folder: dir, ...answers, ...(doublePuppet ? { doublePuppet } : {}) }, nobody);
  return { dir, config: join(dir, "config.yaml"), said: said.join("\n") };
}

const check = (config: string) => checkDoublePuppet(loadConfig(config, {}).config);

test("`init` writes it only when told to, names it in the config, and says what to paste and how secret it is", async () => {
  const { dir, config, said } = await initialised(true);
  const file = join(dir, "double-puppet.yaml");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(parsePuppetRegistration(readFileSync(file, "utf8")).covers("@anna:example.test")).toBe(true);
  expect(loadConfig(config, {}).config.matrix.doublePuppet.registration).toBe(file);
  expect(said).toContain(`  - ${file}`);
  expect(said).toContain("can act as anybody");
  const without = await initialised();
  expect(without.said).not.toContain("double-puppet");
  expect(await check(without.config)).toEqual([]);
});

test("`registration --double-puppet` writes it in one step, and leaves one that can be used alone unless forced", async () => {
  const { dir, config } = await initialised();
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  expect(writeRegistration({ config, doublePuppet: true })).toBe(0);
  const file = join(dir, "double-puppet.yaml");
  expect(log.mock.calls.join("\n")).toContain(`matrix.doublePuppet.registration: ${file}`);
  const before = readFileSync(file, "utf8");
  expect(() => writeRegistration({ config, doublePuppet: true })).toThrow(
    expect.objectContaining<Partial<Exit>>({ message: expect.stringContaining("is there already") }),
  );
  expect(readFileSync(file, "utf8")).toBe(before);
  writeRegistration({ config, doublePuppet: true, force: true });
  expect(readFileSync(file, "utf8")).not.toBe(before);
  log.mockRestore();
});

test("`check` says what is wrong with it and what to do: unreadable, open to everyone, unknown to the homeserver", async () => {
  const { dir, config } = await initialised(true);
  const file = join(dir, "double-puppet.yaml");
  expect(await check(config)).toMatchObject([
    { verdict: "fail", text: `the homeserver does not know ${file}`, fix: expect.stringContaining("restart it") },
  ]);
  chmodSync(file, 0o644);
  expect((await check(config))[0]).toMatchObject({ verdict: "fail", fix: `Run: chmod o-rwx ${file}` });
  const token = /as_token: (\S+)/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  writeFileSync(file, readFileSync(file, "utf8").replace("exclusive: false", "exclusive: true"));
  const [finding] = await check(config);
  expect(finding).toMatchObject({ verdict: "fail", text: expect.stringContaining("exclusive: false") });
  expect(JSON.stringify(finding)).not.toContain(token);
});
