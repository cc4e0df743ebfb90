import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sso } from "../../../src/msnp/auth/sso.ts";
import { dialectOf } from "../../../src/msnp/dialect/table.ts";
import { type DialectName, type MsnClient, parseMachineGuid } from "../../../src/msnp/index.ts";
import { Connection } from "../../../src/msnp/transport/connection.ts";
import { HttpClient } from "../../../src/msnp/transport/http.ts";
import { ALICE, BOB, eventually, next, Stage } from "./stage.ts";

const DIALECTS: readonly DialectName[] = ["MSNP16", "MSNP18"];
const HOME = parseMachineGuid("{aaaaaaaa-0000-4000-8000-000000000001}");
const WORK = parseMachineGuid("{aaaaaaaa-0000-4000-8000-000000000002}");

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

function places(client: MsnClient): string[] {
  return [...client.endpoints.list.values()].map(
    ({ name, isSelf, status }) => `${name} ${isSelf ? "here" : "elsewhere"} ${status}`,
  );
}

/** Bob, signed in and visible, whose commands are written by hand. */
async function byHand(name: DialectName): Promise<Connection> {
  const { ns, nexusUrl, rstUrl } = stage.network.services;
  const owner = { onCommand() {}, onEnd() {} };
  const bob = await Connection.open({ ...ns, label: BOB, owner, connectTimeout: 5000, requestTimeout: 5000 });
  const dialect = dialectOf(name);
  const http = new HttpClient({ timeout: 5000 });
  await bob.request("VER", [name]);
  await bob.request("CVR", [...dialect.clientVersion, BOB]);
  const challenge = await bob.request("USR", ["SSO", "I", BOB]);
  const account = { email: BOB, password: () => "bob's", machineGuid: HOME };
  const proof = await sso.prove(challenge.args.slice(3), { dialect, ...account, nexusUrl, rstUrl, http });
  await bob.request("USR", proof.args);
  await bob.request("CHG", ["NLN", dialect.capabilities, "0"]);
  return bob;
}

const at = (machineGuid: typeof HOME, endpointName: string) => ({ machineGuid, endpointName });

describe.each(DIALECTS)("the places of an account in %s", (dialect) => {
  it("are listed at each of them, with name, status and abilities", async () => {
    const home = await stage.signedIn(ALICE, dialect, at(HOME, "Home & garden"));
    await eventually(() => places(home)).toEqual(["Home & garden here NLN"]);
    const work = await stage.signedIn(ALICE, dialect, at(WORK, "Work"));
    await eventually(() => places(home)).toEqual(["Home & garden here NLN", "Work elsewhere NLN"]);
    await eventually(() => places(work)).toEqual(["Work here NLN", "Home & garden elsewhere NLN"]);
    expect(home.endpoints.list.get(WORK)).toMatchObject({ id: WORK, clientType: 1, isSelf: false });
    expect(home.state).toBe("signed-in");
    await work.signOut();
    await eventually(() => places(home)).toEqual(["Home & garden here NLN"]);
  });

  it("see each other's status", async () => {
    const home = await stage.signedIn(ALICE, dialect, at(HOME, "Home"));
    const work = await stage.signedIn(ALICE, dialect, at(WORK, "Work"));
    await work.setStatus("AWY");
    await eventually(() => home.endpoints.list.get(WORK)?.status).toBe("AWY");
    expect(home.self.status).toBe("AWY");
  });

  it("can sign each other out", async () => {
    const home = await stage.signedIn(ALICE, dialect, at(HOME, "Home"));
    const work = await stage.signedIn(ALICE, dialect, at(WORK, "Work"));
    await eventually(() => home.endpoints.list.has(WORK)).toBe(true);
    const closed = next(work, "closed");
    await home.endpoints.signOut(WORK);
    expect((await closed)[0].kind).toBe("elsewhere");
    await eventually(() => [...home.endpoints.list.keys()]).toEqual([HOME]);
    expect(home.state).toBe("signed-in");
    await expect(home.endpoints.signOut(WORK)).rejects.toMatchObject({ code: "no-such-endpoint" });
    await expect(home.endpoints.signOut(HOME)).rejects.toMatchObject({ code: "no-such-endpoint" });
  });

  it("with the same machine GUID give way to the newest", async () => {
    const first = await stage.signedIn(ALICE, dialect, at(HOME, "Home"));
    const closed = next(first, "closed");
    const second = await stage.signedIn(ALICE, dialect, at(HOME, "Home again"));
    expect((await closed)[0].kind).toBe("elsewhere");
    expect(second.state).toBe("signed-in");
    expect([...first.endpoints.list.keys()]).toEqual([HOME]);
  });

  it("cannot be signed out by somebody else", async () => {
    const alice = await stage.signedIn(ALICE, dialect, at(HOME, "Home"));
    const bob = await byHand(dialect);
    const heard = next(alice, "userNotification");
    await bob.request("UUN", [ALICE, 4], { payload: "goawyplzthxbye" });
    const [notification] = await heard;
    expect(notification).toMatchObject({ from: { email: BOB }, kind: "signOut" });
    expect(notification.data.toString()).toBe("goawyplzthxbye");
    expect(alice.state).toBe("signed-in");
    bob.close();
  });
});

it("below MSNP16 there is one place, which gives way to another sign-in", async () => {
  const first = await stage.signedIn(ALICE, "MSNP15", at(HOME, "Home"));
  expect(places(first)).toEqual(["Home here undefined"]);
  await expect(first.endpoints.signOut(WORK)).rejects.toMatchObject({ code: "not-supported" });
  const closed = next(first, "closed");
  await stage.signedIn(ALICE, "MSNP15", at(WORK, "Work"));
  expect((await closed)[0].kind).toBe("elsewhere");
  await expect(first.endpoints.signOut(WORK)).rejects.toMatchObject({ code: "not-signed-in" });
});
