import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MsnClient, parseEmail, SignInError } from "../../../src/msnp/index.ts";
import { ALICE, BOB, BOTH_DIALECTS, CAROL, eventually, hearing, next, Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

async function failureOf(signIn: Promise<void>): Promise<SignInError> {
  const error = await signIn.then(
    () => new Error("the sign-in succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SignInError)) throw error;
  return error;
}

function stagesOf(client: MsnClient): string[] {
  const stages: string[] = [];
  client.on("stage", (name) => stages.push(name));
  return stages;
}

const SHORT = { request: 300, http: 300, connect: 300 };

describe.each(BOTH_DIALECTS)("a sign-in by %s", (dialect) => {
  it("passes all stages and ends visible, with lists, names and groups", async () => {
    const bob = await stage.signedIn(BOB, dialect, {
      initialPresence: "BSY",
      personalMessage: { text: "Out & about" },
    });
    const alice = stage.client(ALICE, dialect);
    const stages = stagesOf(alice);
    const bobSeen = next(alice, "contactChanged", (contact) => contact.personalMessage !== "");
    await alice.signIn();
    expect(stages).toEqual(["connect", "version", "auth-host", "ticket", "login", "lists", "presence"]);
    expect(alice.state).toBe("signed-in");
    expect(alice.dialect).toBe(dialect);
    expect(alice.self).toEqual({ email: ALICE, displayName: "Alice A", status: "NLN" });
    expect(bob.self.displayName).toBe("Bob é B");
    const [contact] = await bobSeen;
    expect(contact).toMatchObject({
      email: BOB,
      displayName: "Bob é B",
      groups: ["Work Friends"],
      status: "BSY",
      personalMessage: "Out & about",
    });
    expect([...contact.lists].sort()).toEqual(["AL", "FL", "RL"]);
    expect(alice.contacts.get(CAROL)).toMatchObject({ status: "FLN" });
    expect([...alice.contacts.keys()].sort()).toEqual([BOB, CAROL]);
  });

  it("writes the address with the capitals it was registered with, and chats under it", async () => {
    const [email, handle] = [parseEmail("erin@msn.test"), "Erin@MSN.Test"];
    const spec = { email: handle, password: "erin's", displayName: "Erin" };
    stage.network.addAccount(spec);
    stage.network.befriend(handle, BOB);
    const bob = await stage.signedIn(BOB, dialect);
    const erin = await stage.signedIn(email, dialect, { handle, password: () => spec.password });
    expect(stage.trace.some((line) => /^\S+ NS >>> USR 3 \w+ I Erin@MSN\.Test$/.test(line))).toBe(true);
    await eventually(() => bob.contacts.get(email)?.status).toBe("NLN");
    const [atBob, atErin] = [hearing(bob), hearing(erin)];
    await erin.conversation(BOB).sendText("capital");
    expect(await atBob.until(1)).toEqual(["erin: capital"]);
    await bob.conversation(email).close();
    await bob.conversation(email).sendText("back");
    expect(await atErin.until(1)).toEqual(["bob: back"]);
    await expect(stage.signedIn(email, dialect, { password: () => spec.password })).rejects.toMatchObject({
      code: "ticket-refused",
    });
  });

  it("takes no other address for its own", async () => {
    await stage.signedIn(ALICE, dialect, { handle: "Mallory@MSN.Test" });
    expect(stage.trace.some((line) => line.includes("Mallory"))).toBe(false);
  });

  it("with a wrong password fails at the ticket, for good", async () => {
    const alice = stage.client(ALICE, dialect, { password: () => "wrong" });
    expect(await failureOf(alice.signIn())).toMatchObject({ stage: "ticket", code: "bad-password", retry: "never" });
    expect(alice.state).toBe("signed-out");
  });

  it("can succeed after it failed, on the same object", async () => {
    let password = "wrong";
    const bob = stage.client(BOB, dialect, { password: () => password });
    await failureOf(bob.signIn());
    password = "bob's";
    await bob.signIn();
    expect(bob.state).toBe("signed-in");
  });

  it.each([
    ["VER", "version"],
    ["CVR", "version"],
    ["USR", "version"],
    ["CHG", "presence"],
  ])("to a server that goes silent at %s fails with a timeout", async (at, where) => {
    stage.network.faults.arm({ place: "NS", at, fault: { kind: "stall" } });
    const alice = stage.client(ALICE, dialect, { timeouts: SHORT });
    expect(await failureOf(alice.signIn())).toMatchObject({ stage: where, code: "timeout", retry: "later" });
  });

  it("to a server that drops the connection at the last step says where", async () => {
    stage.network.faults.arm({ place: "NS", at: "USR", nth: 2, fault: { kind: "drop" } });
    expect(await failureOf(stage.client(ALICE, dialect).signIn())).toMatchObject({ stage: "login", code: "closed" });
  });

  it("to a server that is busy says so", async () => {
    stage.network.faults.arm({ place: "NS", at: "USR", nth: 2, fault: { kind: "error", code: 910, close: true } });
    const failure = await failureOf(stage.client(ALICE, dialect).signIn());
    expect(failure).toMatchObject({ stage: "login", code: "server-busy", retry: "later" });
    expect(failure.message).toContain("910");
  });

  it("whose ticket is refused does not try for ever", async () => {
    stage.network.faults.arm({ place: "NS", at: "USR", nth: 2, fault: { kind: "error", code: 911, close: true } });
    expect(await failureOf(stage.client(ALICE, dialect).signIn())).toMatchObject({
      code: "ticket-refused",
      retry: "never",
    });
  });

  it("follows a transfer to another server", async () => {
    stage.network.faults.arm({ place: "NS", at: "USR", fault: { kind: "redirect" } });
    const alice = stage.client(ALICE, dialect);
    const stages = stagesOf(alice);
    await alice.signIn();
    expect(stages.slice(0, 4)).toEqual(["connect", "version", "connect", "version"]);
  });

  it("does not follow transfers for ever", async () => {
    stage.network.faults.arm({ place: "NS", at: "USR", times: "always", fault: { kind: "redirect" } });
    const alice = stage.client(ALICE, dialect);
    const stages = stagesOf(alice);
    expect(await failureOf(alice.signIn())).toMatchObject({ code: "redirect-loop", retry: "later" });
    expect(stages.filter((name) => name === "connect")).toHaveLength(6);
  });

  it("to a server that sends garbage is a protocol error", async () => {
    stage.network.faults.arm({ place: "NS", at: "USR", fault: { kind: "garbage" } });
    expect(await failureOf(stage.client(ALICE, dialect).signIn())).toMatchObject({ code: "protocol" });
  });

  it("to a login service that breaks names the service", async () => {
    stage.network.faults.arm({
      place: "HTTP",
      at: dialect === "MSNP11" ? "login" : "rst",
      fault: { kind: "status", status: 503 },
    });
    expect(await failureOf(stage.client(ALICE, dialect).signIn())).toMatchObject({
      stage: "ticket",
      code: "server-busy",
    });
  });

  it("to a login service that never answers times out", async () => {
    stage.network.faults.arm({ place: "HTTP", fault: { kind: "stall" } });
    const alice = stage.client(ALICE, dialect, { timeouts: SHORT });
    expect(await failureOf(alice.signIn())).toMatchObject({ stage: "auth-host", code: "timeout" });
  });

  it("can be called off at any stage", async () => {
    for (const at of ["connect", "version", "auth-host", "ticket", "login", "lists", "presence"] as const) {
      const alice = stage.client(ALICE, dialect);
      const abort = new AbortController();
      alice.on("stage", (name) => {
        if (name === at) abort.abort();
      });
      expect(await failureOf(alice.signIn(abort.signal)), at).toMatchObject({ code: "aborted" });
      expect(alice.state).toBe("signed-out");
    }
  });

  it("is called off before it began when the signal says so", async () => {
    const failure = await failureOf(stage.client(ALICE, dialect).signIn(AbortSignal.abort()));
    expect(failure.code).toBe("aborted");
  });

  it("shows no password and no ticket in its trace", async () => {
    await stage.signedIn(ALICE, dialect);
    expect(stage.trace.join("\n")).not.toMatch(/password|t=|markup|[0-9a-f]{20}|HAAAAA/);
    expect(stage.trace.some((line) => line.includes(" S [sealed]"))).toBe(true);
  });
});

describe("a sign-in", () => {
  it("takes the newest dialect that both sides speak", async () => {
    const old = await Stage.open({ dialects: ["MSNP11"] });
    const alice = old.client(ALICE, "MSNP18", { dialects: ["MSNP18", "MSNP11"] });
    await alice.signIn();
    expect(alice.dialect).toBe("MSNP11");
    await old.close();
  });

  it("without a common dialect fails for good", async () => {
    const old = await Stage.open({ dialects: ["MSNP11"] });
    const failure = await failureOf(old.client(ALICE, "MSNP18").signIn());
    expect(failure).toMatchObject({ stage: "version", code: "no-common-dialect", retry: "never" });
    await old.close();
  });

  it("to a port where nobody listens is unreachable", async () => {
    const { ns, ...services } = stage.network.services;
    await stage.network.close();
    const alice = stage.client(ALICE, "MSNP18", { services: { ...services, ns } });
    expect(await failureOf(alice.signIn())).toMatchObject({ stage: "connect", code: "unreachable", retry: "later" });
  });

  it("follows the redirects of RST", async () => {
    const { rst2Url } = stage.network.services;
    stage.network.faults.arm({ place: "HTTP", at: "rst", fault: { kind: "redirect", url: rst2Url } });
    const alice = await stage.signedIn(ALICE, "MSNP18");
    expect(alice.state).toBe("signed-in");
    expect(stage.trace.some((line) => line.includes("POST") && line.endsWith("/RST2.srf"))).toBe(true);
  });

  it("follows the redirects of the Passport login with the credentials", async () => {
    const url = new URL("/login", stage.network.services.nexusUrl).href;
    stage.network.faults.arm({ place: "HTTP", at: "login", times: 2, fault: { kind: "redirect", url } });
    const alice = await stage.signedIn(ALICE, "MSNP11");
    expect(alice.state).toBe("signed-in");
  });

  it.each(["FindMembership", "ABFindAll"])("whose %s fails says that it was the lists", async (at) => {
    stage.network.faults.arm({ place: "HTTP", at, fault: { kind: "status", status: 500 } });
    expect(await failureOf(stage.client(ALICE, "MSNP18").signIn())).toMatchObject({ stage: "lists" });
  });

  it("answers the server's challenges", async () => {
    const strict = await Stage.open({ quirks: { challenges: true, unknownCommands: "error" } });
    for (const dialect of BOTH_DIALECTS) {
      const alice = await strict.signedIn(ALICE, dialect);
      await alice.setStatus("AWY");
      expect(alice.state).toBe("signed-in");
    }
    expect(strict.trace.filter((line) => line.includes("<<< QRY"))).toHaveLength(2);
    await strict.close();
  });

  it("waits for its lists to be known where presence depends on them", async () => {
    const official = await Stage.open({ quirks: { presenceAwaitsLists: true } });
    await official.signedIn(BOB, "MSNP18");
    const alice = official.client(ALICE, "MSNP18");
    const seen = next(alice, "contactChanged", (contact) => contact.status === "NLN");
    await alice.signIn();
    expect((await seen)[0].email).toBe(BOB);
    await official.close();
  });
});
