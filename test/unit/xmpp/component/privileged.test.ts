import { expect, test } from "vitest";
import { residentId } from "../../../../src/bridge/model.ts";
import { Marks } from "../../../../src/xmpp/component/marks.ts";
import { PrivilegedRosters } from "../../../../src/xmpp/component/privileged.ts";
import { Views } from "../../../../src/xmpp/component/views.ts";
import type { ComponentLink } from "../../../../src/xmpp/link/component-link.ts";
import { StanzaRefusal } from "../../../../src/xmpp/link/requests.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import type { Grants } from "../../../../src/xmpp/stanza/privilege.ts";
import { type RosterItem, readRoster, rosterQuery } from "../../../../src/xmpp/stanza/roster.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { account, anna, bob, contact, gateway, NET, names, Profiles, silent } from "../support.ts";

const grants: Grants = {
  namespace: NS.privilege[0],
  roster: "both",
  message: "none",
  presence: "none",
  iq: new Map(),
};
const ben = names.jid({ network: NET, contact: contact("ben").address });

/** Anna's list at a server that lets it be set, unless it does not. */
function stage(refuses = false) {
  const roster = new Map<string, RosterItem>();
  const views = new Views(names);
  const profiles = new Profiles();
  let sets = 0;
  const held: { until?: Promise<void> } = {};
  const refusals = new Map<string, string>();
  const request = async (ask: { to: string; type: string }, child: XmlElement): Promise<XmlElement> => {
    if (ask.type === "set") {
      sets += 1;
      const refusal = refusals.get(ask.to);
      if (refusal !== undefined) throw new StanzaRefusal(refusal, undefined);
      if (refuses) throw new StanzaRefusal("forbidden", undefined);
      if (sets > 5) await held.until;
      for (const item of readRoster(el("iq", {}, child)))
        if (item.subscription !== "remove") roster.set(item.jid, item);
        else if (!roster.delete(item.jid)) throw new StanzaRefusal("item-not-found", undefined);
    }
    return el("iq", {}, rosterQuery([...roster.values()]));
  };
  /** As after a start of the bridge: nothing is known but what is stored. */
  const start = () =>
    new PrivilegedRosters({
      link: { request } as unknown as ComponentLink,
      names,
      name: "MSN",
      views,
      named: new Marks(profiles, "named"),
      log: silent,
    });
  return { roster, views, start, held, refusals, sets: () => sets };
}

test("the list becomes what MSN says, the gateway first, and a name of one's own stays", async () => {
  const { roster, views, start, sets } = stage();
  views.setState(account(), anna, "on");
  views.setContacts(account(), anna, [contact("bob", { displayName: "Bob", groups: ["Work"] }), contact("ben")]);
  const rosters = start();
  expect(await rosters.sync(anna, grants)).toBe(true);
  expect([...roster.keys()]).toEqual([gateway, bob, ben]);
  expect(roster.get(bob)).toMatchObject({ name: "Bob", groups: ["Work"], subscription: "both" });
  expect(roster.get(ben)).toMatchObject({ groups: ["MSN"] });
  expect(await rosters.sync(anna, grants)).toBe(false);
  expect(sets()).toBe(3);
  roster.set(bob, { jid: bob, name: "Bobby", groups: ["Work"], subscription: "both" });
  views.setContact(account(), anna, contact("bob", { displayName: "Robert", groups: ["Work"] }));
  await start().sync(anna, grants);
  expect(roster.get(bob)?.name).toBe("Bobby");
});

test("who is taken off on MSN goes, also while the bridge is away", async () => {
  const { roster, views, start } = stage();
  views.setState(account(), anna, "on");
  views.setContacts(account(), anna, [contact("bob"), contact("ben")]);
  const rosters = start();
  await rosters.sync(anna, grants);
  views.setContact(account(), anna, contact("bob", { listed: false }));
  await rosters.sync(anna, grants);
  expect([...roster.keys()]).toEqual([gateway, ben]);
  views.setContacts(account(), anna, [contact("bob")]);
  await start().sync(anna, grants);
  expect([...roster.keys()]).toEqual([gateway, bob]);
});

test("an account whose list is not known yet loses nobody, nor one whose list is suddenly empty", async () => {
  const { roster, views, start } = stage();
  const [one, two] = [account("alice"), account("alice2")];
  for (const [record, name] of [
    [one, "bob"],
    [two, "ben"],
  ] as const) {
    views.setState(record, anna, "on");
    views.setContacts(record, anna, [contact(name)]);
  }
  await start().sync(anna, grants);
  // The bridge starts anew; the second account cannot sign in.
  views.drop(one, anna);
  views.drop(two, anna);
  views.setState(one, anna, "on");
  views.setState(two, anna, "waiting");
  views.setContacts(one, anna, [contact("bob")]);
  await start().sync(anna, grants);
  expect([...roster.keys()]).toEqual([gateway, bob, ben]);
  views.setState(two, anna, "on");
  for (const record of [one, two]) views.setContacts(record, anna, []);
  await start().sync(anna, grants);
  expect([...roster.keys()]).toEqual([gateway, bob, ben]);
});

test("a server that does not do what it grants is tried once", async () => {
  const { views, start, sets } = stage(true);
  views.setState(account(), anna, "on");
  views.setContacts(account(), anna, [contact("bob"), contact("ben")]);
  const rosters = start();
  await rosters.sync(anna, grants);
  expect([sets(), rosters.works("example.org"), rosters.works("elsewhere.test")]).toEqual([1, false, true]);
  rosters.reset();
  expect(rosters.works("example.org")).toBe(true);
});

test("who was taken off in a client, and is asked for again, stands there as anybody else", async () => {
  const { roster, views, start } = stage();
  views.setState(account(), anna, "on");
  views.setContacts(account(), anna, [contact("bob"), contact("ben")]);
  const rosters = start();
  await rosters.sync(anna, grants);
  roster.delete(bob);
  views.setContact(account(), anna, contact("bob", { listed: false }));
  await rosters.sync(anna, grants);
  const again: RosterItem = { jid: bob, name: "Bobby", groups: [], subscription: "none" };
  roster.set(bob, again);
  await rosters.sync(anna, grants);
  expect(roster.get(bob)).toEqual(again);
  views.setContact(account(), anna, contact("bob"));
  await rosters.sync(anna, grants);
  expect(roster.get(bob)?.subscription).toBe("both");
});

test("a list that the server has lost takes nobody off on MSN, and is set anew", async () => {
  const { roster, views, start } = stage();
  views.setState(account(), anna, "on");
  views.setContacts(account(), anna, [contact("bob"), contact("ben")]);
  const rosters = start();
  await rosters.sync(anna, grants);
  roster.clear();
  expect(await rosters.look(anna, grants)).toEqual([]);
  await rosters.sync(anna, grants);
  expect([...roster.keys()]).toEqual([gateway, bob, ben]);
  roster.delete(bob);
  roster.delete(ben);
  expect((await rosters.look(anna, grants)).map(({ act, to }) => `${act} ${to}`)).toEqual([
    `roster-remove ${bob}`,
    `roster-remove ${ben}`,
  ]);
});

test("a long list that is still being set when its account is unlinked is not set on", async () => {
  const { roster, views, start, held } = stage();
  views.setState(account(), anna, "on");
  const many = Array.from({ length: 30 }, (_, i) => contact(`friend${i}`));
  views.setContacts(account(), anna, many);
  const rosters = start();
  const release = Promise.withResolvers<void>();
  held.until = release.promise;
  const syncing = rosters.sync(anna, grants);
  await expect.poll(() => roster.size).toBe(5);
  views.drop(account(), anna);
  rosters.forget(anna);
  release.resolve();
  await syncing;
  await expect.poll(() => [...roster.keys()]).toEqual([]);
});

test("a list that is suddenly empty takes nobody off, though another account has contacts", async () => {
  const { roster, views, start } = stage();
  const [one, two] = [account("alice"), account("alice2")];
  for (const record of [one, two]) views.setState(record, anna, "on");
  views.setContacts(one, anna, [contact("bob"), contact("ben")]);
  views.setContacts(two, anna, [contact("carl")]);
  const rosters = start();
  await rosters.sync(anna, grants);
  const before = [...roster.keys()];
  expect(before).toHaveLength(4);
  views.setContacts(one, anna, []);
  await rosters.sync(anna, grants);
  expect([...roster.keys()]).toEqual(before);
});

test("groups that changed on MSN, and are not on the list yet, are not taken for the person's will", async () => {
  const { roster, views, start } = stage();
  views.setState(account(), anna, "on");
  views.setContacts(account(), anna, [contact("bob", { groups: ["Work"] })]);
  const rosters = start();
  await rosters.sync(anna, grants);
  views.setContact(account(), anna, contact("bob", { groups: ["Family"] }));
  expect(await rosters.look(anna, grants)).toEqual([]);
  await rosters.sync(anna, grants);
  expect(roster.get(bob)?.groups).toEqual(["Family"]);
});

test("what MSN refuses is asked of it once, and the list is mended with the next change", async () => {
  const { roster, views, start } = stage();
  views.setState(account(), anna, "on");
  views.setContacts(account(), anna, [contact("bob"), contact("ben")]);
  const rosters = start();
  await rosters.sync(anna, grants);
  roster.delete(bob);
  roster.set(ben, { jid: ben, name: "ben", groups: ["a group that MSN will not have"], subscription: "both" });
  const look = async () => (await rosters.look(anna, grants)).map(({ act, to }) => `${act} ${to}`).toSorted();
  expect(await look()).toEqual([`roster-groups ${ben}`, `roster-remove ${bob}`]);
  expect(await look()).toEqual([]);
  await rosters.sync(anna, grants);
  expect(roster.get(bob)).toMatchObject({ subscription: "both" });
  expect(roster.get(ben)).toMatchObject({ groups: ["MSN"] });
});

test("one person whom the server does not know any more says nothing of the others there", async () => {
  const { views, start, refusals, sets } = stage();
  const gone = residentId(XMPP, "gone@example.org");
  for (const who of [anna, gone]) {
    views.setState(account("alice", who), who, "on");
    views.setContacts(account("alice", who), who, [contact("bob"), contact("ben")]);
  }
  refusals.set("gone@example.org", "service-unavailable");
  const rosters = start();
  await rosters.sync(gone, grants);
  expect([sets(), rosters.works("example.org")]).toEqual([1, true]);
  expect(await rosters.sync(anna, grants)).toBe(true);
  refusals.set("gone@example.org", "internal-server-error");
  await rosters.sync(gone, grants);
  expect(rosters.works("example.org")).toBe(true);
});
