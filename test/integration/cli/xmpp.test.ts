import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { checkXmpp } from "../../../src/cli/check/xmpp.ts";
import { init } from "../../../src/cli/init/init.ts";
import { ejabberdSnippet, prosodySnippet } from "../../../src/cli/init/xmpp.ts";
import { startEjabberd } from "../../../src/cli/sandbox/ejabberd.ts";
import { linkByPage } from "../../../src/cli/sandbox/link-page.ts";
import { MsnPerson } from "../../../src/cli/sandbox/msn-person.ts";
import { freePorts } from "../../../src/cli/sandbox/ports.ts";
import { ProcessGroup } from "../../../src/cli/sandbox/processes.ts";
import { profileEnvironment } from "../../../src/cli/sandbox/profile-env.ts";
import { startProsody } from "../../../src/cli/sandbox/prosody.ts";
import { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppPlan, XmppServer } from "../../../src/cli/sandbox/xmpp-server.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";

const PROGRAM = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "msnbridge-cli-xmpp-"));
const group = new ProcessGroup();
/** Servers that are set up with what `init` says, and one that grants nothing and can do little. */
let privileged: XmppServer;
let ejabberd: XmppServer;
let plain: XmppServer;

function pastedIntoProsody(usual: string, plan: XmppPlan): string {
  const { host, components } = prosodySnippet(plan);
  const before = usual.slice(0, usual.indexOf(`Component "${plan.upload}"`));
  return `${before.replace(`VirtualHost "${plan.domain}"`, host)}\n${components}\n`;
}

function pastedIntoEjabberd(usual: string, plan: XmppPlan): string {
  const [is, added] = [parse(usual), parse(ejabberdSnippet(plan))];
  const modules = { ...is.modules };
  for (const [name, keys] of Object.entries(added.modules)) modules[name] = { ...modules[name], ...(keys as object) };
  return stringify({
    ...is,
    listen: [
      ...is.listen.filter(({ module }: { module: string }) => module !== "ejabberd_service"),
      ...added.listen.map((one: object) => ({ ...one, port: plan.componentPort })),
    ],
    modules,
    acl: { ...is.acl, ...added.acl },
    access_rules: { ...is.access_rules, ...added.access_rules },
  });
}

function withoutMuch(usual: string, { muc }: XmppPlan): string {
  const rooms = new RegExp(`Component "${muc}" "muc"\n(?: .*\n)+`);
  return usual.replace(/"(pep|bookmarks|smacks|vcard4|vcard_legacy)", /g, "").replace(rooms, "");
}

beforeAll(async () => {
  const users = [{ name: "anna", password: "pw" }];
  [privileged, ejabberd, plain] = await Promise.all([
    startProsody({ dir: join(dir, "privileged"), group, users, privileged: false, config: pastedIntoProsody }),
    startEjabberd({ dir: join(dir, "ejabberd"), group, users, privileged: false, config: pastedIntoEjabberd }),
    startProsody({ dir: join(dir, "plain"), group, users, privileged: false, config: withoutMuch }),
  ]);
});

afterAll(async () => {
  await group.stopAll();
  expect(group.survivors()).toEqual([]);
  rmSync(dir, { recursive: true, force: true });
});

/** A config file of somebody who has XMPP and no Matrix. */
function configFor(
  server: XmppServer,
  change: Record<string, unknown> = {},
  ports: readonly number[] = [0, 0],
): string {
  const file = join(mkdtempSync(join(dir, "config-")), "config.yaml");
  const { host, componentPort: port, component, secret, domain } = server;
  const [web = 0, metrics = 0] = ports;
  const config = {
    xmpp: { host, port, component, secret, domain, ...change },
    web: { bind: { port: web }, publicUrl: `http://127.0.0.1:${web}` },
    metrics: { bind: { port: metrics } },
    networks: { enabled: ["sandbox"] },
  };
  writeFileSync(file, stringify(config));
  return file;
}

const verdicts = async (file: string) =>
  (await checkXmpp(loadConfig(file, {}).config)).map(({ verdict, text }) => `${verdict} ${text}`);

test("check: Prosody with what init says takes the component in, grants what there is, and takes its files", async () => {
  expect(await verdicts(configFor(privileged))).toEqual([
    `ok the server at 127.0.0.1:${privileged.componentPort} takes in msn.xmpp.test`,
    "ok xmpp.test grants rosters, messages and presence",
    "ok upload.xmpp.test takes files of msn.xmpp.test",
  ]);
});

test("check: ejabberd with what init says grants it as well; Debian's is known for not doing it", async () => {
  const [connected, granted, upload] = await verdicts(configFor(ejabberd));
  expect(connected).toMatch(/^ok .* takes in msn\.xmpp\.test$/);
  expect(granted).toMatch(
    ejabberd.version.startsWith("23.01") ? /^warn .* but ejabberd 23\.01.* fails at setting rosters/ : /^ok /,
  );
  expect(upload).toBe("ok upload.xmpp.test takes files of msn.xmpp.test");
});

test("check: each grant that is missing is named, with what it would give", async () => {
  const [, granted] = await verdicts(configFor(plain));
  expect(granted).toMatch(
    /^warn xmpp\.test does not grant: roster \(contacts must be approved one by one\); message \(/,
  );
  expect(granted).toContain("; presence (");
});

test("check: a domain that nobody answers for is named, with the one that was meant", async () => {
  const [, found] = await checkXmpp(loadConfig(configFor(privileged, { domain: "exmpp.test" }), {}).config);
  expect(found).toMatchObject({ verdict: "fail", text: "nobody answers under exmpp.test" });
  expect(found?.fix).toContain("speaks for xmpp.test");
});

test.each([
  [{ secret: "wrong" }, "refuses the secret"],
  [{ component: "icq.xmpp.test" }, "knows no component icq.xmpp.test"],
  [{ port: 1 }, "no stream to the XMPP server"],
])("check: %j fails with the reason", async (change, reason) => {
  const [only, more] = await verdicts(configFor(plain, change));
  expect(only).toMatch(/^fail /);
  expect(only).toContain(reason);
  expect(more).toBeUndefined();
});

/** A config file of somebody for whom the bridge is an ordinary account. */
function accountOn(server: XmppServer, change: Record<string, unknown> = {}): string {
  const { host, c2sPort, caFile } = server;
  const account = { jid: "anna@xmpp.test", password: "pw", host, port: c2sPort, caFile, ...change };
  const file = join(mkdtempSync(join(dir, "config-")), "config.yaml");
  const rest = { web: { publicUrl: "http://127.0.0.1" }, networks: { enabled: ["sandbox"] } };
  writeFileSync(file, stringify({ xmpp: { client: account }, ...rest }));
  return file;
}

test("check: an account on Prosody is signed in, and everything is there that chats and relays need", async () => {
  const anna = await XmppPerson.signIn({ server: privileged, jid: "anna@xmpp.test", password: "pw" });
  const open = `open@${privileged.muc}`;
  await anna.joinRoom(open, "anna");
  const relay = { contact: "bob@msn.test" };
  const relays = [
    { ...relay, room: open },
    { ...relay, room: `nowhere@${privileged.muc}` },
  ];
  expect(await verdicts(accountOn(privileged, { personal: true, relays }))).toEqual([
    `ok anna@xmpp.test is signed in at 127.0.0.1:${privileged.c2sPort}, encrypted`,
    "ok the server keeps the session and says what it has (XEP-0198)",
    "ok chats are made at conference.xmpp.test",
    "ok chats open by themselves on the other clients of anna@xmpp.test",
    "ok the room is there",
    "warn there is no such room, or it hides",
  ]);
  await anna.close();
});

test("check: the same on ejabberd", async () => {
  const found = await verdicts(accountOn(ejabberd, { personal: true }));
  expect(found.map((line) => line.slice(0, 3))).toEqual(["ok ", "ok ", "ok ", "ok "]);
  expect(found[2]).toBe("ok chats are made at conference.xmpp.test");
});

test("check: what a server has not is named, with what follows from it", async () => {
  const found = await verdicts(accountOn(plain, { personal: true }));
  expect(found[1]).toMatch(/^warn the server has no stream management \(XEP-0198\)/);
  expect(found[2]).toMatch(/^fail xmpp\.test names no service for rooms \(XEP-0045\)/);
  expect(found[3]).toMatch(/^warn anna@xmpp\.test has no nodes of its own \(PEP, XEP-0163\)/);
});

test.each([
  [{ password: "wrong" }, "refuses the password of anna@xmpp.test", "Correct xmpp.client.jid or its password"],
  [{ jid: "anna@elsewhere.test" }, "does not serve elsewhere.test", "Correct xmpp.client.jid, or xmpp.client.host"],
  [
    { caFile: undefined },
    "has a certificate for xmpp.test that cannot be trusted",
    "name its authority in xmpp.client.caFile",
  ],
  [{ caFile: "nowhere.pem" }, "nowhere.pem cannot be read", "Correct the section xmpp.client"],
  [{ port: 1 }, "no stream for anna@xmpp.test to the XMPP server at 127.0.0.1:1", "correct xmpp.client.host and port"],
])("check: an account with %j fails with the reason, and the way out", async (change, reason, fix) => {
  const [only, more] = await checkXmpp(loadConfig(accountOn(plain, change), {}).config);
  expect(only).toMatchObject({ verdict: "fail", text: expect.stringContaining(reason) });
  expect(only?.fix).toContain(fix);
  expect(more).toBeUndefined();
});

test("check: a service for rooms that is none is named", async () => {
  const found = await verdicts(accountOn(privileged, { mucService: "xmpp.test" }));
  expect(found[2]).toBe("fail xmpp.test is no service for rooms, or cannot be reached");
});

const ANSWERS = {
  serverName: "example.test",
  homeserverUrl: "http://127.0.0.1:9",
  bridgeUrl: "http://127.0.0.1:9",
  publicUrl: "http://127.0.0.1:9",
  networks: "sandbox",
  admin: "@you:example.test",
};

function nobody() {
  const said: string[] = [];
  return { said, prompt: async () => undefined, say: (text: string) => said.push(text), close: () => {} };
}

test("init --xmpp writes the section and shows what to paste, with one secret", async () => {
  const folder = mkdtempSync(join(dir, "init-"));
  const terminal = nobody();
  await init({ folder, ...ANSWERS, xmpp: "msn.example.test" }, terminal);
  const { xmpp } = loadConfig(join(folder, "config.yaml"), {}).config;
  expect(xmpp).toMatchObject({ component: "msn.example.test", domain: "example.test" });
  const secret = xmpp?.mode === "component" ? xmpp.secret.open() : "none";
  expect(terminal.said.join("\n")).toContain(`component_secret = "${secret}"`);
  const said = terminal.said.join("\n");
  expect(said).toContain(`password: "${secret}"`);
  expect(said.indexOf("prosody.cfg.lua")).toBeLessThan(said.indexOf("msnbridge check"));
});

test("init --xmpp-client writes the section and a file for the password, which is never overwritten", async () => {
  const folder = mkdtempSync(join(dir, "init-"));
  const options = { folder, ...ANSWERS, xmppClient: "msn@example.test" };
  const terminal = nobody();
  await init(options, terminal);
  const file = join(folder, "xmpp-password");
  expect(terminal.said.join("\n")).toContain(`write the password of msn@example.test into ${file}`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(() => loadConfig(join(folder, "config.yaml"), {})).toThrow("write the password of msn@example.test into it");
  writeFileSync(file, "hunter2\n");
  await init({ ...options, force: true }, terminal);
  const { xmpp, homeserver } = loadConfig(join(folder, "config.yaml"), {}).config;
  expect(xmpp).toMatchObject({ mode: "client", jid: "msn@example.test", personal: false });
  expect(xmpp?.mode === "client" && xmpp.password.open()).toBe("hunter2");
  expect(homeserver?.domain).toBe("example.test");
});

test("init --no-matrix asks nothing about a homeserver, and makes no registration", async () => {
  const folder = mkdtempSync(join(dir, "init-"));
  const { publicUrl, networks } = ANSWERS;
  const terminal = nobody();
  await init({ folder, publicUrl, networks, matrix: false, xmppClient: "anna@example.test", personal: true }, terminal);
  expect(readdirSync(folder).toSorted()).toEqual(["config.yaml", "sealing.key", "xmpp-password"]);
  writeFileSync(join(folder, "xmpp-password"), "pw");
  const { config } = loadConfig(join(folder, "config.yaml"), {});
  expect(config.homeserver).toBeUndefined();
  expect(config.xmpp).toMatchObject({ jid: "anna@example.test", personal: true });
  // Whoever is `admin` on that server may be anybody.
  expect(config.permissions.admins).toEqual(["anna@example.test"]);
  const said = terminal.said.join("\n");
  expect(said.indexOf("write the password")).toBeLessThan(said.indexOf("msnbridge check"));
  expect(said).toContain("open the chat with yourself");
  expect(said).not.toContain("homeserver");
});

test.each([
  [{ xmpp: "nonsense" }, "looks like msn.example.org"],
  [{ xmppClient: "Anna@example.test/phone" }, "looks like msn@example.org"],
  [{ xmpp: "msn.example.test", xmppClient: "msn@example.test" }, "a component or an account"],
  [{ personal: true as const }, "--personal goes with --xmpp-client"],
  [{ matrix: false }, "--no-matrix goes with --xmpp or --xmpp-client"],
])("init with %j is refused before anything is asked or written", async (flags, why) => {
  const folder = join(mkdtempSync(join(dir, "init-")), "new");
  await expect(init({ folder, ...ANSWERS, ...flags }, nobody())).rejects.toThrow(why);
  expect(existsSync(folder)).toBe(false);
});

/** Resolves with the process when its log says that it is ready. */
async function running(file: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, "run", "--config", file], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (data) => {
      log += String(data);
      if (log.includes('"msg":"ready"')) resolve();
    });
    child.once("close", () => reject(new Error(`it ended: ${log}`)));
  });
  return child;
}

test("run: XMPP alone, from registration to a word from MSN", async () => {
  const msn = await MsnNetwork.start({
    accounts: ["alice", "bob"].map((name) => ({ email: `${name}@msn.test`, password: "x", displayName: name })),
  });
  msn.befriend("alice@msn.test", "bob@msn.test");
  const ports = await freePorts(2);
  const bridge = await running(configFor(privileged, {}, ports), profileEnvironment(msn.services));
  try {
    const anna = await XmppPerson.signIn({ server: privileged, jid: "anna@xmpp.test", password: "pw" });
    const services = msn.services;
    const bob = await MsnPerson.signIn({ email: "bob@msn.test", password: "x", services, dialect: "MSNP18" });
    const { url } = await anna.ask.registration(privileged.component);
    expect(url).toContain(`http://127.0.0.1:${ports[0]}/link/`);
    await linkByPage(url ?? "", { email: "alice@msn.test", password: "x" });
    const ghost = `bob\\40msn.test@${privileged.component}`;
    await anna.waitForPresence(privileged.component, "signed in", ({ show, type }) => type === "available" && !show);
    const id = await anna.say(ghost, "hi bob");
    await bob.waitForText("hi bob");
    await anna.waitForReceipt(id);
    await bob.say("alice@msn.test", "hi anna");
    await anna.waitForMessage("hi anna", ghost);
    expect(await (await fetch(`http://127.0.0.1:${ports[0]}/ready`)).status).toBe(200);
    await anna.close();
    await bob.signOut();
  } finally {
    bridge.kill("SIGTERM");
    const [code] = await once(bridge, "exit");
    expect(code).toBe(0);
    await msn.close();
  }
});
