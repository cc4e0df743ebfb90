import { join } from "node:path";
import { expect, test } from "vitest";
import { Secret } from "../../../src/bridge/secret.ts";
import { clientSettings } from "../../../src/cli/network-settings.ts";
import { loadProfile, SHIPPED_NETWORKS } from "../../../src/config/load.ts";
import type { NetworkProfile } from "../../../src/config/network.ts";
import { CERTIFICATE } from "../../support/certificate.ts";
import { tempProject } from "../../support/temp-project.ts";

function profile(more = "", files: Readonly<Record<string, string>> = {}): NetworkProfile {
  const text = `name: ours
title: Ours
dispatch: { host: ds.test }
services:
  nexus: http://msn.test/n
  rst: http://msn.test/r
  addressBook: http://msn.test/a
  sharing: http://msn.test/s
${more}`;
  return loadProfile(join(tempProject({ ...files, "ours.yaml": text }), "ours.yaml"), {});
}

test("every service of a profile reaches the client", () => {
  const sandbox = loadProfile(join(SHIPPED_NETWORKS, "sandbox.yaml"), {});
  const base = "http://127.0.0.1:8081";
  expect(clientSettings(sandbox).services).toEqual({
    ns: { host: "127.0.0.1", port: 1863 },
    nexusUrl: `${base}/rdr/pprdr.asp`,
    rstUrl: `${base}/RST.srf`,
    rst2Url: `${base}/RST2.srf`,
    addressBookUrl: `${base}/abservice/abservice.asmx`,
    sharingUrl: `${base}/abservice/SharingService.asmx`,
    storageUrl: `${base}/storageservice/SchematizedStore.asmx`,
    oimStoreUrl: `${base}/OimWS/oim.asmx`,
    oimFetchUrl: `${base}/rsi/rsi.asmx`,
    configUrl: `${base}/Config/MsgrConfig.asmx`,
    gatewayUrl: `${base}/gateway/gateway.dll`,
  });
});

test("a plain profile is TCP with the usual waits, the system's certificates and no proxy", () => {
  const settings = clientSettings(profile());
  expect(settings).toMatchObject({
    transports: ["tcp"],
    dialects: ["MSNP18", "MSNP15", "MSNP11", "MSNP8"],
    gateway: { poll: 2000, lifespan: 0, followsHost: false },
    tls: { rejectUnauthorized: true },
    maxMessageBytes: 1664,
    timeouts: { connect: 15_000, request: 15_000 },
  });
  expect(Object.keys(settings).filter((key) => ["proxy", "fetch", "product"].includes(key))).toEqual([]);
});

test("all that a profile can say reaches the client", () => {
  const settings = clientSettings(
    profile(
      `notification: { host: ns.test, port: 1864 }
transports: [tls, gateway, tcp]
tls: { serverName: msn.test, caFile: ca.pem, verify: false }
gateway: { pollSeconds: 0.5, lifespanSeconds: 30, followsHost: true }
proxy: socks5://alice:geheim@proxy.test
product: { id: PROD, key: KEY }
limits: { messageBytes: 1000, requestSeconds: 3, connectSeconds: 4 }
`,
      { "ca.pem": CERTIFICATE.cert },
    ),
  );
  expect(settings).toMatchObject({
    services: { ns: { host: "ns.test", port: 1864 } },
    transports: ["tls", "gateway", "tcp"],
    tls: { serverName: "msn.test", ca: CERTIFICATE.cert, rejectUnauthorized: false },
    gateway: { poll: 500, lifespan: 30, followsHost: true },
    proxy: { kind: "socks5", host: "proxy.test", port: 1080, user: "alice" },
    product: { id: "PROD", key: "KEY" },
    maxMessageBytes: 1000,
    timeouts: { connect: 4000, request: 3000 },
  });
  expect(settings.proxy?.password?.()).toBe("geheim");
  expect(settings.fetch).toBeTypeOf("function");
});

test("the proxy of all networks is used unless the profile has its own", () => {
  const proxy = new Secret("http://common.test:3128");
  expect(clientSettings(profile(), { proxy }).proxy).toMatchObject({ kind: "http", host: "common.test" });
  expect(clientSettings(profile("proxy: socks5://own.test\n"), { proxy }).proxy).toMatchObject({ host: "own.test" });
});

test("dialects and transports can be chosen, as a probe does", () => {
  const settings = clientSettings(profile(), { dialects: ["MSNP11"], transports: ["gateway"] });
  expect(settings).toMatchObject({ dialects: ["MSNP11"], transports: ["gateway"] });
});

test("a proxy shows nowhere in a profile, and a bad one is not quoted", () => {
  const own = profile("proxy: socks5://alice:geheim@proxy.test\n");
  expect(JSON.stringify(own)).not.toContain("geheim");
  expect(() => profile("proxy: ftp://alice:geheim@proxy.test\n")).toThrow(
    /:9: proxy: must be socks5:\/\/host:port or http:\/\/host:port$/,
  );
});

test("certificates that are not there are named", () => {
  expect(() => clientSettings(profile("tls: { caFile: nowhere.pem }\n"))).toThrow(
    /network profile ours: tls\.caFile: cannot be read \(ENOENT.*nowhere\.pem/,
  );
});

test.each(["escargot", "crosstalk", "sandbox", "template/private-server"])(
  "the shipped profile %s is a good one",
  (name) => {
    const settings = clientSettings(loadProfile(join(SHIPPED_NETWORKS, `${name}.yaml`), {}));
    expect(settings.dialects[0]).toBe("MSNP18");
    expect(settings.transports).toEqual(["tcp"]);
  },
);

test("what nobody has tried is marked so, key by key", () => {
  const crosstalk = loadProfile(join(SHIPPED_NETWORKS, "crosstalk.yaml"), {});
  expect(crosstalk.status).toBe("unverified");
  const keys = ["dispatch", "dialects", "limits", "gateway", "transports"];
  const services = Object.entries(crosstalk.services).flatMap(([key, url]) =>
    url === undefined ? [] : [`services.${key}`],
  );
  for (const key of [...keys, ...services]) expect(crosstalk.notes).toContain(key);
});
