import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseContactAddress } from "../../../src/bridge/model.ts";
import { type Loaded, loadConfig } from "../../../src/config/load.ts";
import { isAdmin, isRelay, mayLink, mayLinkByJid } from "../../../src/config/permissions.ts";
import { ConfigError } from "../../../src/config/yaml.ts";

const MINIMAL = `homeserver:
  url: http://127.0.0.1:8008/
  domain: example.org
web:
  publicUrl: https://msn.example.org
`;

function write(text: string, name = "config.yaml"): string {
  const folder = mkdtempSync(join(tmpdir(), "msnbridge-config-"));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function problemsOf(text: string, env: Record<string, string> = {}): string[] {
  const file = write(text);
  try {
    loadConfig(file, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(file, "config.yaml").split("\n");
    throw error;
  }
  return [];
}

describe("a good config", () => {
  test("three keys are enough; the rest has defaults", () => {
    const { config, profiles, warnings } = loadConfig(write(MINIMAL), {});
    expect(config.homeserver?.url).toBe("http://127.0.0.1:8008");
    expect(config.appservice.bind).toEqual({ host: "127.0.0.1", port: 29340 });
    expect(config.limits.signInsPerSecond).toBe(15);
    expect(config.presence).toEqual({ matrix: true, ownerOffline: "away" });
    expect(profiles.map((profile) => profile.title)).toEqual(["Escargot"]);
    expect(warnings).toEqual([]);
  });

  test("paths are taken from the config's own folder", () => {
    const file = write(MINIMAL);
    const { config } = loadConfig(file, {});
    expect(config.data.folder).toBe(join(file, "..", "data"));
    expect(config.appservice.registration).toBe(join(file, "..", "registration.yaml"));
  });

  test("a section whose keys are all commented out is no fault", () => {
    expect(problemsOf(`${MINIMAL}redis:\n  # url: redis://127.0.0.1\n`)).toEqual([]);
  });

  test("the password in the Redis address cannot be printed", () => {
    const { config } = loadConfig(write(`${MINIMAL}redis:\n  url: redis://:hunter2@127.0.0.1:6379\n`), {});
    expect(JSON.stringify(config)).not.toContain("hunter2");
    expect(config.redis.url?.open()).toContain("hunter2");
  });
});

describe("faults", () => {
  test("a misspelt key is named by file, line and key, with the right spelling", () => {
    expect(problemsOf(MINIMAL.replace("publicUrl", "publicURI"))).toEqual([
      "config.yaml:4: web.publicUrl: is missing",
      'config.yaml:5: web.publicURI: there is no such key; did you mean "publicUrl"?',
    ]);
  });

  test("a key in the wrong section is shown where it belongs", () => {
    expect(problemsOf(`${MINIMAL}logging:\n  holdMinutes: 5\n`)).toEqual([
      'config.yaml:7: logging.holdMinutes: there is no such key here; did you mean "limits.holdMinutes"?',
    ]);
  });

  test("all faults are told at once, in the order of the file", () => {
    const text = `${MINIMAL}appservice:
  bind: { port: 99999 }
logging:
  level: inof
presence:
  matrix: perhaps
permissions:
  link: [alice]
  admins: ["@alice"]
`;
    expect(problemsOf(text)).toEqual([
      "config.yaml:7: appservice.bind.port: must be at most 65535",
      'config.yaml:9: logging.level: must be one of trace, debug, info, warn, error, fatal, silent; did you mean "info"?',
      "config.yaml:11: presence.matrix: must be true or false",
      "config.yaml:14: permissions.admins.0: must be *, a server name, a Matrix id (@name:server) or a JID (name@server)",
    ]);
  });

  test("a proxy that is no address is named, before the web server stumbles over it", () => {
    const told = (value: string) => problemsOf(MINIMAL.replace(/publicUrl: .*/, `$&\n  trustProxy: [${value}]`));
    expect(told("nonsense")).toEqual([
      expect.stringMatching(/^config\.yaml:\d+: web\.trustProxy\.0: must be an address, a network/),
    ]);
    for (const bad of ["10.0.0.0/33", "10.0.0.0/", "::1/200", '""']) expect(told(bad), bad).toHaveLength(1);
    for (const good of ["loopback", "10.0.0.0/8", "192.0.2.1", '"fd00::/8"', '"::1"'])
      expect(told(good), good).toEqual([]);
  });

  test("broken YAML is named with its line", () => {
    expect(problemsOf("homeserver:\n  url: [\n")[0]).toMatch(/^config\.yaml:\d: not YAML: /);
  });

  test("a bomb of aliases is refused", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`,
    );
    expect(problemsOf(`a0: &a0 [x]\n${levels.join("\n")}\n`)[0]).toMatch(/config\.yaml.*alias/);
  });

  test("a file that is not there is said so", () => {
    expect(() => loadConfig("/nowhere/config.yaml", {})).toThrow("/nowhere/config.yaml: the config file is not there");
  });

  test("a network without a profile is answered with the nearest one", () => {
    expect(problemsOf(`${MINIMAL}networks:\n  enabled: [escargott]\n`)[0]).toMatch(/did you mean "escargot"\?$/);
  });
});

describe("environment", () => {
  test("it wins over the file", () => {
    const { config } = loadConfig(write(MINIMAL), {
      MSNBRIDGE_HOMESERVER_URL: "http://synapse:8008",
      MSNBRIDGE_LIMITS_HOLD_MINUTES: "5",
      MSNBRIDGE_PRESENCE_MATRIX: "false",
      MSNBRIDGE_WEB_TRUST_PROXY: "10.0.0.0/8, loopback",
    });
    expect(config.homeserver?.url).toBe("http://synapse:8008");
    expect(config.limits.holdMinutes).toBe(5);
    expect(config.presence.matrix).toBe(false);
    expect(config.web.trustProxy).toEqual(["10.0.0.0/8", "loopback"]);
  });

  test("it is enough without any file", () => {
    const { config } = loadConfig(undefined, {
      MSNBRIDGE_HOMESERVER_URL: "http://synapse:8008",
      MSNBRIDGE_HOMESERVER_DOMAIN: "example.org",
      MSNBRIDGE_WEB_PUBLIC_URL: "https://msn.example.org",
    });
    expect(config.homeserver?.domain).toBe("example.org");
  });

  test("a variable with _FILE names a file that holds the value", () => {
    const secret = write("redis://:hunter2@redis:6379\n", "redis-url");
    const { config } = loadConfig(write(MINIMAL), { MSNBRIDGE_REDIS_URL_FILE: secret });
    expect(config.redis.url?.open()).toBe("redis://:hunter2@redis:6379");
  });

  test("a bad value is blamed on its variable", () => {
    expect(problemsOf(MINIMAL, { MSNBRIDGE_WEB_BIND_PORT: "eighty" })).toEqual([
      "MSNBRIDGE_WEB_BIND_PORT: web.bind.port: must be a number",
    ]);
  });

  test("a value and its _FILE at once is a fault", () => {
    expect(problemsOf(MINIMAL, { MSNBRIDGE_REDIS_URL: "redis://a", MSNBRIDGE_REDIS_URL_FILE: "/b" })).toEqual([
      "MSNBRIDGE_REDIS_URL: redis.url: set twice: here and by MSNBRIDGE_REDIS_URL_FILE",
    ]);
  });

  test("a misspelt variable is a warning, because Kubernetes sets some by itself", () => {
    const { warnings } = loadConfig(write(MINIMAL), {
      MSNBRIDGE_REDIS_ULR: "redis://a",
      MSNBRIDGE_SERVICE_HOST: "10.0.0.1",
    });
    expect(warnings).toEqual(["MSNBRIDGE_REDIS_ULR is set but means nothing here; did you mean MSNBRIDGE_REDIS_URL?"]);
  });
});

describe("network profiles", () => {
  test("one's own folder comes before the shipped profiles", () => {
    const file = write(`${MINIMAL}networks:\n  folder: nets\n  enabled: [ours, escargot]\n`);
    const folder = join(file, "..", "nets");
    mkdirSync(folder);
    const profile = (name: string, title: string) => `name: ${name}
title: ${title}
dispatch: { host: msn.test }
services:
  nexus: http://msn.test/n
  rst: http://msn.test/r
  addressBook: http://msn.test/a
  sharing: http://msn.test/s
`;
    writeFileSync(join(folder, "ours.yaml"), profile("ours", "Ours"));
    writeFileSync(join(folder, "escargot.yaml"), profile("escargot", "Mirror of Escargot"));
    const { profiles } = loadConfig(file, {});
    expect(profiles.map((p) => [p.title, p.dispatch])).toEqual([
      ["Ours", { host: "msn.test", port: 1863 }],
      ["Mirror of Escargot", { host: "msn.test", port: 1863 }],
    ]);
  });

  test("the sandbox sets its profile by environment", () => {
    const { profiles } = loadConfig(write(`${MINIMAL}networks: { enabled: [sandbox] }\n`), {
      MSNBRIDGE_NETWORK_SANDBOX_DISPATCH_PORT: "40123",
      MSNBRIDGE_NETWORK_SANDBOX_SERVICES_RST: "http://127.0.0.1:40124/RST.srf",
    });
    expect(profiles[0]?.dispatch.port).toBe(40123);
    expect(profiles[0]?.services.rst).toBe("http://127.0.0.1:40124/RST.srf");
  });

  test("the template for a private server is a good profile", () => {
    const template = new URL("../../../config/networks/template", import.meta.url).pathname;
    const { profiles } = loadConfig(
      write(`${MINIMAL}networks:\n  folder: ${template}\n  enabled: [private-server]\n`),
      {},
    );
    expect(profiles[0]?.dispatch.host).toBe("msn.example.org");
  });
});

describe("who may link", () => {
  const config = (permissions: object) =>
    loadConfig(write(`${MINIMAL}permissions: ${JSON.stringify(permissions)}\n`), {}).config;

  test("people of the own server, unless told otherwise", () => {
    expect(mayLink(config({}), "@alice:example.org")).toBe(true);
    expect(mayLink(config({}), "@mallory:example.org.evil.test")).toBe(false);
  });

  test("a list of servers and people replaces that", () => {
    const listed = config({ link: ["friends.test", "@bob:example.org"] });
    expect(mayLink(listed, "@carol:friends.test")).toBe(true);
    expect(mayLink(listed, "@bob:example.org")).toBe(true);
    expect(mayLink(listed, "@alice:example.org")).toBe(false);
  });

  test("admins always may", () => {
    const closed = config({ link: [], admins: ["@root:example.org"] });
    expect(isAdmin(closed, "@root:example.org")).toBe(true);
    expect(mayLink(closed, "@root:example.org")).toBe(true);
  });

  test("accounts that the operator lends as relays are listed by address", () => {
    const lending = config({ relays: ["Relay@MSN.test"] });
    expect(isRelay(lending, parseContactAddress("relay@msn.test"))).toBe(true);
    expect(isRelay(lending, parseContactAddress("alice@msn.test"))).toBe(false);
    expect(isRelay(config({}), parseContactAddress("relay@msn.test"))).toBe(false);
    expect(() => config({ relays: ["relay"] })).toThrow(/permissions\.relays\.0: must be an MSN address/);
  });
});

describe("homes", () => {
  const XMPP =
    "xmpp:\n  component: msn.example.org\n  secret: s3cret\n  domain: example.org\nweb:\n  publicUrl: https://m\n";

  const load = (text: string, env: Record<string, string> = {}): Loaded => loadConfig(write(text), env);

  test("people may live on XMPP alone", () => {
    const { config } = load(XMPP);
    expect(config.homeserver).toBeUndefined();
    expect(config.xmpp).toMatchObject({ host: "127.0.0.1", port: 5347, stayOn: true, passwordForm: false });
    expect(JSON.stringify(config.xmpp)).not.toContain("s3cret");
  });

  test("there must be one", () => {
    expect(problemsOf("web:\n  publicUrl: https://m\n")).toEqual([
      expect.stringContaining("homeserver: is missing: there must be a homeserver section, or one for xmpp"),
    ]);
  });

  test("a secret may come from the environment, or from a file that it names", () => {
    const { config } = load(XMPP.replace("  secret: s3cret\n", ""), { MSNBRIDGE_XMPP_SECRET: "from-outside" });
    expect(config.xmpp?.mode === "component" && config.xmpp.secret.open()).toBe("from-outside");
  });

  const ACCOUNT = "xmpp:\n  client:\n    jid: msn@example.org\n    password: s3cret\n";
  const WEB = "web:\n  publicUrl: https://m\n";

  test("or the bridge is an ordinary account, whose people are those of its server", () => {
    const { config } = load(`${ACCOUNT}${WEB}`);
    expect(config.xmpp).toMatchObject({
      mode: "client",
      jid: "msn@example.org",
      personal: false,
      tls: "starttls",
      name: "MSN",
    });
    expect(JSON.stringify(config.xmpp)).not.toContain("s3cret");
    expect(mayLinkByJid(config, "anna@example.org")).toBe(true);
    expect(mayLinkByJid(config, "anna@elsewhere.org")).toBe(false);
  });

  test("its password may come from a file, and its authority is looked for beside the config", () => {
    const password = write("from-a-file\n");
    const text = `${ACCOUNT.replace("    password: s3cret\n", "    caFile: ca.pem\n")}${WEB}`;
    const { xmpp } = load(text, { MSNBRIDGE_XMPP_CLIENT_PASSWORD_FILE: password }).config;
    expect(xmpp?.mode === "client" && [xmpp.password.open(), isAbsolute(xmpp.caFile ?? "")]).toEqual([
      "from-a-file",
      true,
    ]);
  });

  test("or the config names a file for it, which must not be empty", () => {
    const named = (password: string): string =>
      `${ACCOUNT.replace("password: s3cret", `passwordFile: ${write(password, "password")}`)}${WEB}`;
    const { xmpp } = load(named("in a file\n")).config;
    expect(xmpp?.mode === "client" && xmpp.password.open()).toBe("in a file");
    expect(problemsOf(named("\n"))).toEqual([
      expect.stringContaining("xmpp.client.passwordFile: is empty: write the password of msn@example.org into it"),
    ]);
    const { xmpp: both } = load(`${ACCOUNT}    passwordFile: nowhere\n${WEB}`).config;
    expect(both?.mode === "client" && both.password.open()).toBe("s3cret");
    expect(problemsOf(`${ACCOUNT.replace("    password: s3cret\n", "")}${WEB}`)).toEqual([
      expect.stringContaining("xmpp.client.password: is missing: write it here, or the name of a file"),
    ]);
  });

  test("it is component or account, not both", () => {
    const both = `${ACCOUNT}  component: msn.example.org\n  host: 10.0.0.1\n${WEB}`;
    expect(problemsOf(both)).toEqual([
      expect.stringMatching(
        /:5: xmpp\.component: belongs to xmpp\.component, and there is xmpp\.client: .* one or the other/,
      ),
      expect.stringMatching(/:6: xmpp\.host: belongs to xmpp\.component, and there is xmpp\.client/),
    ]);
  });

  test("a component needs its three keys", () => {
    expect(problemsOf(`xmpp:\n  component: msn.example.org\n${WEB}`)).toEqual([
      expect.stringMatching(/: xmpp\.secret: is missing/),
      expect.stringMatching(/: xmpp\.domain: is missing/),
    ]);
  });

  const relays = (text: string, more = ""): string => `${ACCOUNT}    relays:\n${text}${more}${WEB}`;

  test("a relay ties a room to somebody's contact, of the first network unless it is said", () => {
    const { xmpp } = load(
      relays(
        "      - {room: lobby@rooms.example.org, contact: Bob@Hotmail.com, owner: anna@example.org, password: pw}\n",
      ),
    ).config;
    const [relay] = xmpp?.mode === "client" ? xmpp.relays : [];
    expect(relay).toMatchObject({
      room: "lobby@rooms.example.org",
      contact: "bob@hotmail.com",
      owner: "anna@example.org",
    });
    expect(relay?.network).toBeUndefined();
    expect(relay?.password?.open()).toBe("pw");
  });

  test("a personal account is for its owner alone, whose are all contacts", () => {
    const personal = "    personal: true\n";
    const { config } = load(relays("      - {room: r@x.org, contact: b@c.org}\n", personal));
    expect(config.xmpp?.mode === "client" && config.xmpp.relays[0]?.owner).toBe("msn@example.org");
    expect(mayLinkByJid(config, "msn@example.org")).toBe(true);
    expect(mayLinkByJid(config, "anna@example.org")).toBe(false);
    expect(problemsOf(relays("      - {room: r@x.org, contact: b@c.org, owner: eve@x.org}\n", personal))).toEqual([
      expect.stringContaining("xmpp.client.relays.0.owner: must be msn@example.org, because the account is personal"),
    ]);
  });

  test.each([
    ["{room: r@x.org, contact: b@c.org}", "relays.0.owner: is missing: whose contact is it?"],
    ["{room: r@x.org, contact: nobody, owner: a@x.org}", "relays.0.contact: must be an MSN address"],
    ["{room: R@x.org, contact: b@c.org, owner: a@x.org}", "relays.0.room: must be an address in lower case"],
    [
      "{room: r@x.org, contact: b@c.org, owner: a@x.org, nik: B}",
      'relays.0.nik: there is no such key; did you mean "nick"?',
    ],
    [
      "{room: r@x.org, contact: b@c.org, owner: a@x.org, network: icq}",
      "relays.0.network: is not among networks.enabled: escargot",
    ],
  ])("a relay %s is refused", (relay, why) => {
    expect(problemsOf(relays(`      - ${relay}\n`))).toEqual([expect.stringContaining(why)]);
  });

  test("a room cannot be tied twice", () => {
    const one = "      - {room: r@x.org, contact: b@c.org, owner: a@x.org}\n";
    expect(problemsOf(relays(`${one}${one}`))).toEqual([
      expect.stringContaining("relays.1.room: r@x.org is there twice"),
    ]);
  });

  test("who may link: people of the servers, unless it is said", () => {
    const { config } = load(XMPP);
    expect(mayLinkByJid(config, "anna@example.org")).toBe(true);
    expect(mayLinkByJid(config, "anna@elsewhere.org")).toBe(false);
    expect(mayLink(config, "@anna:example.org")).toBe(false);
    const some = load(
      `${XMPP}permissions:\n  link: [ben@elsewhere.org, third.org]\n  admins: [root@example.org]\n`,
    ).config;
    for (const jid of ["ben@elsewhere.org", "carl@third.org", "root@example.org"])
      expect(mayLinkByJid(some, jid)).toBe(true);
    expect(mayLinkByJid(some, "anna@example.org")).toBe(false);
  });
});
