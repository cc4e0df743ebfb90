/** `msnbridge init` and `msnbridge check` against a real Synapse, in both directions, and a real Prosody beside it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findings } from "../../src/cli/check/check.ts";
import type { Finding } from "../../src/cli/check/report.ts";
import { init } from "../../src/cli/init/init.ts";
import { freePorts } from "../../src/cli/sandbox/ports.ts";
import { loadConfig } from "../../src/config/load.ts";
import { useSynapse } from "../support/synapse.ts";
import { useXmppServer } from "../support/xmpp.ts";

let configFile = "";
const overrides: Record<string, unknown> = {};

const xmpp = useXmppServer("prosody");
const synapse = useSynapse({
  serverName: "check.test",
  overrides,
  registration: async (dir, port) => {
    const [appservice, web] = await freePorts(2);
    const folder = join(dir, "bridge");
    await init(
      {
        folder,
        doublePuppet: true,
        xmpp: "msn.xmpp.test",
        serverName: "check.test",
        homeserverUrl: `http://127.0.0.1:${port}`,
        bridgeUrl: `http://127.0.0.1:${appservice}`,
        publicUrl: `http://127.0.0.1:${web}`,
        networks: "sandbox",
        admin: "@you1:check.test",
      },
      { prompt: async () => undefined, say: () => {}, close: () => {} },
    );
    configFile = join(folder, "config.yaml");
    const file = join(folder, "registration.yaml");
    overrides.app_service_config_files = [file, join(folder, "double-puppet.yaml")];
    return file;
  },
});

async function check(env: Record<string, string> = {}): Promise<Map<string, Finding>> {
  const found = new Map<string, Finding>();
  await findings(loadConfig(configFile, env), (finding) => found.set(finding.subject, finding));
  return found;
}

test("a homeserver that has the registration from init is found good both ways", async () => {
  expect(readFileSync(configFile, "utf8")).toContain(synapse.server.url);
  const found = await check();
  expect(found.get("homeserver")).toMatchObject({ verdict: "ok" });
  expect(found.get("bridge -> homeserver")).toMatchObject({
    verdict: "ok",
    text: expect.stringContaining("@_msnbot:check.test"),
  });
  expect(found.get("homeserver -> bridge")).toMatchObject({
    verdict: "ok",
    text: expect.stringContaining("a stand-in"),
  });
});

test("the registration for double puppeting from init is found good when there is the person to try it with", async () => {
  expect((await check()).get("double puppeting")).toMatchObject({
    verdict: "warn",
    text: expect.stringContaining("does not let the bridge act for @you1:check.test"),
  });
  expect((await synapse.newPerson("you")).userId).toBe("@you1:check.test");
  expect((await check()).get("double puppeting")).toMatchObject({ verdict: "ok" });
});

test("a bridge that listens elsewhere than the homeserver thinks is named, with what to change", async () => {
  const [elsewhere] = await freePorts(1);
  const found = await check({ MSNBRIDGE_APPSERVICE_BIND_PORT: String(elsewhere) });
  expect(found.get("homeserver -> bridge")).toMatchObject({
    verdict: "fail",
    text: expect.stringContaining("does not get through"),
    fix: expect.stringContaining(`The bridge listens on 127.0.0.1:${elsewhere}`),
  });
});

test("both homes are looked at in one go, and one that fails hides nothing of the other", async () => {
  const { componentPort, secret } = xmpp.server;
  const env = { MSNBRIDGE_XMPP_PORT: String(componentPort), MSNBRIDGE_XMPP_SECRET: secret };
  const both = ["homeserver -> bridge", "XMPP", "XMPP: privileges", "XMPP: upload"];
  const found = await check(env);
  expect(both.map((subject) => found.get(subject)?.verdict)).toEqual(["ok", "ok", "ok", "ok"]);
  const wrong = await check({ ...env, MSNBRIDGE_XMPP_SECRET: "another" });
  expect(wrong.get("homeserver -> bridge")?.verdict).toBe("ok");
  expect(wrong.get("XMPP")).toMatchObject({ verdict: "fail", text: expect.stringContaining("refuses the secret") });
});

test("a wrong server name is corrected by what the homeserver says", async () => {
  const found = await check({ MSNBRIDGE_HOMESERVER_DOMAIN: "wrong.test" });
  expect(found.get("bridge -> homeserver")).toMatchObject({
    verdict: "fail",
    fix: "Set homeserver.domain to check.test.",
  });
  expect(found.get("registration")).toMatchObject({ verdict: "fail" });
});
