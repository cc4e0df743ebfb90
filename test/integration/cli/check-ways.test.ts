import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Secret } from "../../../src/bridge/secret.ts";
import { checkNetwork } from "../../../src/cli/check/network.ts";
import { loadProfile } from "../../../src/config/load.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { connectProxy } from "../../support/proxies.ts";
import { tempProject } from "../../support/temp-project.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function ours(more: string, options: { tcp?: number } = {}) {
  const network = await MsnNetwork.start({ accounts: [] });
  closers.push(() => network.close());
  const { services, ports } = network;
  const text = `name: ours
title: Ours
dispatch: { host: 127.0.0.1, port: ${options.tcp ?? ports.ns} }
services:
  nexus: ${services.nexusUrl}
  rst: ${services.rstUrl}
  addressBook: ${services.addressBookUrl}
  sharing: ${services.sharingUrl}
  gateway: ${services.gatewayUrl}
${more}`;
  return { network, profile: loadProfile(join(tempProject({ "ours.yaml": text }), "ours.yaml"), {}) };
}

const lines = async (check: ReturnType<typeof checkNetwork>): Promise<string[]> =>
  (await check).map(({ verdict, subject, text }) => `${verdict} ${subject}: ${text}`);

test("each transport of the profile is tried", async () => {
  const { profile } = await ours("transports: [tcp, gateway]\n");
  const found = await lines(checkNetwork(profile));
  expect(found.slice(0, 2)).toEqual([
    "ok Ours: tcp: the server takes MSNP18",
    "ok Ours: gateway: the server takes MSNP18",
  ]);
});

test("one that does not work is a warning while another does", async () => {
  const { profile } = await ours("transports: [tcp, gateway]\n", { tcp: 1 });
  const found = await lines(checkNetwork(profile));
  expect(found[0]).toMatch(/^warn Ours: tcp: 127\.0\.0\.1:1 cannot be reached/);
  expect(found[1]).toBe("ok Ours: gateway: the server takes MSNP18");
});

test("none that works is a failure", async () => {
  const { profile } = await ours("transports: [tls]\n", { tcp: 1 });
  expect((await lines(checkNetwork(profile)))[0]).toMatch(/^fail Ours: tls: 127\.0\.0\.1:1 cannot be reached/);
});

test("with a proxy everything is tried through it, and its password is not shown", async () => {
  const proxy = await connectProxy({ login: "alice:geheim" });
  closers.push(() => proxy.close());
  const { network, profile } = await ours("");
  const found = await lines(checkNetwork(profile, new Secret(`http://alice:geheim@127.0.0.1:${proxy.port}`)));
  expect(found[0]).toBe(`ok Ours: tcp through 127.0.0.1:${proxy.port}: the server takes MSNP18`);
  expect(found.filter((line) => !line.startsWith("ok"))).toEqual([]);
  expect(found.join()).not.toContain("geheim");
  expect([...new Set(proxy.asked)].sort()).toEqual(
    [`127.0.0.1:${network.ports.http}`, `127.0.0.1:${network.ports.ns}`].sort(),
  );
});
