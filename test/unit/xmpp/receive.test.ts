import { expect, test } from "vitest";
import type { HomeHost, IntakeItem } from "../../../src/bridge/ports/home.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { IntakeSpool } from "../../../src/xmpp/intake.ts";
import { XMPP } from "../../../src/xmpp/name.ts";
import { Recall } from "../../../src/xmpp/recall.ts";
import { RecallNotes } from "../../../src/xmpp/recall-notes.ts";
import { Receiver, type ReceiverOptions } from "../../../src/xmpp/receive.ts";
import { el, NS, type XmlElement } from "../../../src/xmpp/stanza/xml.ts";
import { annaPhone, bob, names, silent } from "./support.ts";

/** A bridge that hears what is said to bob, by people who have linked an account or not. */
function scene({ isLinked }: { isLinked: boolean }) {
  const sent: XmlElement[] = [];
  const stored: IntakeItem[] = [];
  const [kept, read]: [string[], string[]] = [[], []];
  const core = {
    typing: () => {},
    isPortal: async () => false,
    isLinked: async () => isLinked,
    intake: async (_: string, __: string, items: readonly IntakeItem[]) => {
      stored.push(...items);
      return "stored";
    },
  };
  const host = (): HomeHost => core as unknown as HomeHost;
  const store = {
    keepRecall: async (_: string, chat: string) => void kept.push(chat),
    recall: async (_: string, chat: string) => {
      read.push(chat);
      return [];
    },
    dropRecall: async () => {},
  };
  const spool = new IntakeSpool({ home: XMPP, host, perResident: 10, log: silent });
  const recall = new Recall(new RecallNotes({ home: XMPP, store, log: silent }));
  const receiver = new Receiver({
    home: XMPP,
    host,
    names,
    secret: new Secret("s3cret"),
    link: { sendLoosely: (stanza: XmlElement) => void sent.push(stanza) },
    spool,
    recall,
    speech: { addressed: (_: unknown, __: string, us: unknown) => us },
    rooms: () => false,
    log: silent,
  } as unknown as ReceiverOptions);
  const say = async (id: string, ...children: XmlElement[]): Promise<void> => {
    receiver.take(el("message", { from: annaPhone, to: bob, id, type: "chat" }, ...children));
    await spool.stop(5000);
    await recall.stop();
  };
  return { say, sent, stored, kept, read };
}

test("of what strangers say to a ghost nothing is kept, and nothing is looked up for it", async () => {
  const first = scene({ isLinked: false });
  await first.say("m1", el("body", {}, "hello"));
  const other = scene({ isLinked: false });
  await other.say("m2", el("body", {}, "yes"), el("reply", { xmlns: NS.reply, id: "m0" }));
  for (const { stored, kept, read, sent } of [first, other]) {
    expect([stored, kept, read]).toEqual([[], [], []]);
    expect(sent).toMatchObject([{ attrs: { type: "error" } }]);
  }
});

test("what somebody with an account says is kept", async () => {
  const { say, kept, stored } = scene({ isLinked: true });
  await say("m1", el("body", {}, "hello"));
  expect(kept).toHaveLength(1);
  expect(stored.map(({ raw }) => raw)).toMatchObject([{ kind: "open" }, { kind: "message", body: "hello" }]);
});
