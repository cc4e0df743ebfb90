import { describe, expect, test } from "vitest";
import { md5Response } from "../../../src/msnp/auth/md5.ts";
import { enter, lastArgument, passwordOf, play } from "./book.ts";
import { RawClient } from "./raw-client.ts";
import { openNetwork } from "./scene.ts";

async function salt(port: number, email: string): Promise<string> {
  const client = await RawClient.open(port);
  client.say("VER 1 MSNP7", `USR 2 MD5 I ${email}`);
  const [, challenge] = await client.hears("VER 1 MSNP7", "USR 2 MD5 S <salt>");
  client.close();
  return challenge === undefined ? "" : lastArgument(challenge);
}

describe("Signing in with a salted password, MSNP2-7 (msnp-core §3.2)", () => {
  test("an account has one salt for good, as on Escargot", async () => {
    await using network = await openNetwork();
    const first = await salt(network.ports.ns, "alice@example.com");
    expect(first).toMatch(/^1\d{9}\.\d{9}$/);
    expect(await salt(network.ports.ns, "ALICE@example.com")).toBe(first);
    expect(await salt(network.ports.ns, "bob@example.com")).not.toBe(first);
  });

  test("or a new one each time, as on official servers", async () => {
    await using network = await openNetwork({ quirks: { fixedSalts: false } });
    const first = await salt(network.ports.ns, "alice@example.com");
    expect(first).toMatch(/^\d{10}\.\d{9}$/);
    expect(await salt(network.ports.ns, "alice@example.com")).not.toBe(first);
  });

  test("that nobody has an address shows only at the hash; a wrong hash is 911 and the end, too", async () => {
    await using network = await openNetwork();
    for (const email of ["nobody@example.com", "alice@example.com"]) {
      const client = await RawClient.open(network.ports.ns);
      await play(
        client,
        `
>>> VER 1 MSNP5
<<< VER 1 MSNP5
>>> USR 2 MD5 I ${email}
<<< USR 2 MD5 S <salt>
>>> USR 3 MD5 S 00000000000000000000000000000000
<<< 911 3`,
      );
      await client.isClosed();
    }
  });

  test("the right hash does not help who spells the address otherwise than it was registered", async () => {
    await using network = await openNetwork();
    const client = await RawClient.open(network.ports.ns);
    await play(
      client,
      `
>>> VER 1 MSNP5
<<< VER 1 MSNP5
>>> USR 2 MD5 I Alice@example.com
<<< USR 2 MD5 S <salt>
>>> USR 3 MD5 S [[md5]]
<<< 911 3`,
      passwordOf("alice"),
    );
  });

  test("a hash before the salt was asked for gets no answer; the sign-in can still go on", async () => {
    await using network = await openNetwork();
    const client = await RawClient.open(network.ports.ns);
    await play(
      client,
      `
>>> VER 1 MSNP4
<<< VER 1 MSNP4
>>> USR 2 MD5 S ${md5Response("1234567890.123456789", "secret")}
>>> USR 3 MD5 I alice@example.com
<<< USR 3 MD5 S <salt>
>>> USR 4 MD5 S [[md5]]
<<< USR 4 OK alice@example.com Alice%20A`,
      passwordOf("alice"),
    );
  });

  test("once signed in, another USR is 207 and the session lives on", async () => {
    await using network = await openNetwork();
    const alice = await enter(network, "alice", "MSNP6");
    await play(alice, ">>> USR 9 MD5 I alice@example.com\n<<< 207 9\n>>> PNG\n<<< QNG");
  });

  test("INF names the one way there is, and ends the connection from MSNP8 on", async () => {
    await using network = await openNetwork();
    for (const dialect of ["MSNP2", "MSNP7", "MSNP8", "MSNP12", "MSNP18"]) {
      const client = await RawClient.open(network.ports.ns);
      await play(client, `>>> VER 1 ${dialect}\n<<< VER 1 ${dialect}\n>>> INF 2`);
      if (dialect === "MSNP2" || dialect === "MSNP7") await client.hears("INF 2 MD5");
      else await client.isClosed();
      client.close();
    }
  });

  test("a password in clear is refused, and a way of another version is the end", async () => {
    await using network = await openNetwork();
    for (const [dialect, said, answers] of [
      ["MSNP2", "USR 2 CTP I alice@example.com secret", ["911 2"]],
      ["MSNP7", "USR 2 TWN I alice@example.com", []],
      ["MSNP8", "USR 2 MD5 I alice@example.com", []],
      ["MSNP7", "USR 2 MD5 I alice", ["911 2"]],
      ["MSNP7", "USR 2 MD5 X alice@example.com", ["911 2"]],
    ] as const) {
      const client = await RawClient.open(network.ports.ns);
      await play(client, `>>> VER 1 ${dialect}\n<<< VER 1 ${dialect}\n>>> ${said}`);
      await client.hears(...answers);
      await client.isClosed();
    }
  });

  test("the profile carries a ticket, as after any other sign-in", async () => {
    await using network = await openNetwork();
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP7", "USR 2 MD5 I alice@example.com");
    const [, challenge] = await client.hears("VER 1 MSNP7", "USR 2 MD5 S <salt>");
    if (challenge === undefined) throw new Error("no salt");
    client.say(`USR 3 MD5 S ${md5Response(lastArgument(challenge), "secret")}`);
    const [, profile] = await client.hears("USR 3 OK alice@example.com Alice%20A 1", "MSG Hotmail Hotmail <length>");
    expect(profile?.payload).toMatch(/^MSPAuth: [0-9a-f]{20}\S+&p=\r$/m);
    expect(network.load.sessions).toBe(1);
    await client.hangUp();
    await expect.poll(() => network.load.sessions).toBe(0);
  });
});

describe("What stands behind the address in USR OK (msnp-core §3.8)", () => {
  for (const [dialect, ok] of [
    ["MSNP2", "USR 3 OK alice@example.com Alice%20A"],
    ["MSNP5", "USR 3 OK alice@example.com Alice%20A"],
    ["MSNP6", "USR 3 OK alice@example.com Alice%20A 1"],
    ["MSNP7", "USR 3 OK alice@example.com Alice%20A 1"],
  ] as const) {
    test(dialect, async () => {
      await using network = await openNetwork();
      const client = await RawClient.open(network.ports.ns);
      await play(
        client,
        `
>>> VER 1 ${dialect}
<<< VER 1 ${dialect}
>>> USR 2 MD5 I alice@example.com
<<< USR 2 MD5 S <salt>
>>> USR 3 MD5 S [[md5]]
<<< ${ok}`,
        passwordOf("alice"),
      );
    });
  }
});
