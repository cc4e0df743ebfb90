import { afterEach, describe, expect, it } from "vitest";
import { endPlays, play, signedIn } from "./play.ts";
import { BOB } from "./recorded.ts";
import { withPayload } from "./scripted-server.ts";
import { eventually, next } from "./stage.ts";

afterEach(endPlays);

describe("a server of MSNP18", () => {
  it("may tell of waiting messages before the account is visible", async () => {
    const mail = "<MD><M><E>bob@example.com</E><I>1</I></M></MD>";
    const notice = withPayload("MSG Hotmail Hotmail", `MIME-Version: 1.0\r\n\r\nMail-Data: ${mail}\r\n`);
    const trace: string[] = [];
    const { client } = await play(
      "MSNP18",
      { BLP: `BLP $ AL\r\n${notice}` },
      { storeOffline: async () => undefined, trace: (_direction, _connection, line) => trace.push(line) },
    );
    await client.signIn();
    // The recorded network has no service for them.
    await eventually(() => trace.filter((line) => line.includes("messages wait")).length).toBe(1);
  });

  it("may tell of telephones, circles and places that nobody knows", async () => {
    const { client, server } = await signedIn("MSNP18");
    const before = [...client.contacts.keys()];
    const notifications: string[] = [];
    client.on("userNotification", ({ kind, from }) => notifications.push(`${kind} ${from.email}`));
    server.say("NLN NLN 4:tel:+15551234567 Mobile 0:0 0\r\nFLN 4:tel:+15551234567 0:0\r\nUBX 4:tel:+15551234567 0\r\n");
    server.say(withPayload("ADL 0", '<ml><t><c n="tel:+15551234567" l="3"/></t></ml>'));
    server.say(withPayload("RML 0", '<ml><t><c n="tel:+15551234567" l="3"/></t></ml>'));
    server.say(withPayload("IPG", '<NOTIFICATION id="0"><FROM name="tel:+15551234567"/></NOTIFICATION>'));
    server.say(withPayload("UBN tel:+15551234567 4", "goawyplzthxbye"));
    server.say(withPayload("UBX 1:alice@example.com", '<Data><EndpointData id="nobody"/></Data>'));
    server.say(withPayload("UBN bob@example.com 3", "slp"));
    const away = next(client, "contactChanged", ({ status }) => status === "AWY");
    server.say("NLN AWY 1:bob@example.com Bob%20B 0:0 0\r\n");
    await away;
    expect([...client.contacts.keys()]).toEqual(before);
    expect(notifications).toEqual([`p2p ${BOB}`]);
    expect(client.endpoints.list.size).toBe(1);
    expect(client.state).toBe("signed-in");
  });

  it("cannot be told to sign an account out in the name of one whose address begins alike", async () => {
    const { client, server } = await signedIn("MSNP18");
    const heard = next(client, "userNotification");
    server.say(withPayload("UBN alice@example.com.evil.test 4", "goawyplzthxbye"));
    expect((await heard)[0].kind).toBe("signOut");
    expect(client.state).toBe("signed-in");
    const closed = next(client, "closed");
    server.say(withPayload("UBN alice@example.com;{0b0b0b0b-0000-4000-8000-00000000000b} 4", "goawyplzthxbye"));
    expect((await closed)[0].kind).toBe("elsewhere");
  });
});
