import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const MODULE = new URL("../../../src/cli/matrix-library.ts", import.meta.url).href;

test("the stand-in is loaded where the native encryption is not installed, by require and by import", () => {
  const empty = mkdtempSync(join(tmpdir(), "msnbridge-empty-"));
  const script = `
    import { createRequire } from "node:module";
    import { loadWithoutNativeCrypto } from ${JSON.stringify(MODULE)};
    const name = "@matrix-org/matrix-sdk-crypto-nodejs";
    const loaded = await loadWithoutNativeCrypto(async () => [createRequire(${JSON.stringify(`${empty}/`)})(name), await import(name)]);
    console.log(loaded.map((one) => typeof one).join());
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: empty,
    encoding: "utf8",
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: "object,object\n", stderr: "", status: 0 });
});

test("starting the bridge shows no deprecation of its library", () => {
  const template = new URL("../../../registration.yaml", import.meta.url).pathname;
  const program = new URL("../../../bin/msnbridge.mjs", import.meta.url).pathname;
  const dir = mkdtempSync(join(tmpdir(), "msnbridge-quiet-"));
  const { stderr, status } = spawnSync(process.execPath, [program, "run"], {
    cwd: dir,
    encoding: "utf8",
    env: {
      ...process.env,
      MSNBRIDGE_HOMESERVER_URL: "http://127.0.0.1:9",
      MSNBRIDGE_HOMESERVER_DOMAIN: "example.test",
      MSNBRIDGE_WEB_PUBLIC_URL: "http://127.0.0.1:9",
      MSNBRIDGE_APPSERVICE_REGISTRATION: template,
    },
  });
  expect(status).toBe(78);
  expect(stderr).toMatch(/^msnbridge: .*placeholder[^\n]*\n$/);
});
