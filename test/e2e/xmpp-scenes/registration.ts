import { expect, test } from "vitest";
import { linkByPage } from "../../../src/cli/sandbox/link-page.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { msnAccount } from "../../support/xmpp-world.ts";
import type { Stage } from "./stage.ts";

const wrong = (name: string) => ({ ...msnAccount(name), password: "not-the-password" });

/** Three ways in. */
export function sceneRegistration(on: () => Stage): void {
  test("the gateway is found among the server's services, as a gateway to MSN that takes registrations and commands", async () => {
    const { anna, gateway, world } = on();
    const { kind, version, domain } = world.server;
    console.log(`${kind} ${version}`);
    expect(version).toMatch(/^\d+\.\d+/);
    expect((await anna.ask.discoItems(domain)).map(({ jid }) => jid)).toContain(gateway);
    const { identities, features } = await anna.ask.discoInfo(gateway);
    expect(identities).toEqual([
      { category: "gateway", type: "msn", name: "MSN" },
      { category: "conference", type: "text", name: "MSN group chats" },
    ]);
    expect(features).toEqual(expect.arrayContaining(["jabber:iq:register", "http://jabber.org/protocol/commands"]));
  });

  test("Anna registers: the answer has the address of a page for her, which refuses a wrong password and takes the right one", async () => {
    const { anna, world, gateway } = on();
    const { url = "", registered, instructions } = await anna.ask.registration(gateway);
    expect(url).toMatch(new RegExp(`^${world.bridge.setup.webUrl}/link/[\\w-]+$`));
    expect(instructions).toContain(url);
    expect(registered).toBe(false);
    await expect(linkByPage(url, wrong("alice"))).rejects.toThrow(/did not accept this address and password/);
    expect(await linkByPage(url, msnAccount("alice"))).toContain("alice@msn.test on Sandbox is linked");
    await on().signedIn(anna);
    await expect(linkByPage(url, msnAccount("alice"))).rejects.toThrow("410");
    expect((await anna.ask.registration(gateway)).registered).toBe(true);
  });

  test("Ben says `link` by the menu of his client: the answer has the address of a page for him", async () => {
    const { ben, gateway } = on();
    const { status, url = "", notes } = await ben.ask.command(gateway, "link");
    expect({ status, notes: notes.length }).toEqual({ status: "completed", notes: 1 });
    await linkByPage(url, msnAccount("dave"));
    await on().signedIn(ben);
  });

  test("Cleo types her password into the form, over her encrypted stream: the wrong one is refused, the right one links", async () => {
    const { cleo, gateway, world } = on();
    const { form } = await cleo.ask.registration(gateway);
    if (form === undefined) expect.unreachable("there is no form");
    expect(form.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "FORM_TYPE hidden",
      "network list-single",
      "username text-single",
      "password text-private",
    ]);
    const fill = async ({ email, password }: { email: string; password: string }) =>
      await cleo.ask.register(gateway, { network: "sandbox", username: email, password }, form);
    await expect(fill(wrong("erin"))).rejects.toThrow(/^not-authorized \(auth\) Sandbox refused the password of erin@/);
    await fill(msnAccount("erin"));
    await on().signedIn(cleo);
    expect(world.bridge.logTail(5000)).not.toContain(msnAccount("erin").password);
  });

  test("Dora and Emil register at the same time, each with a page of their own", async () => {
    const { dora, emil, gateway } = on();
    const register = async (person: XmppPerson, account: string): Promise<void> => {
      await linkByPage((await person.ask.registration(gateway)).url ?? "", msnAccount(account));
      await on().signedIn(person);
    };
    await Promise.all([register(dora, "frank"), register(emil, "grace")]);
  });

  test("whom another has linked cannot be linked", async () => {
    const { cleo, gateway } = on();
    const { email, password } = msnAccount("alice");
    const again = cleo.ask.register(gateway, { username: email, password });
    await expect(again).rejects.toThrow(/^conflict \(cancel\) alice@msn.test is already linked here/);
  });
}
