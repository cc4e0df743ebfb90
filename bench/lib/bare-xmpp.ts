import { Secret } from "../../src/bridge/secret.ts";
import { bare, type Jid } from "../../src/xmpp/jid.ts";
import { Barriers } from "../../src/xmpp/link/barriers.ts";
import { ComponentStream } from "../../src/xmpp/link/stream.ts";
import { chatMessage, receiptMessage } from "../../src/xmpp/stanza/message.ts";
import { el, NS, type XmlElement } from "../../src/xmpp/stanza/xml.ts";
import type { BareHome, BareHomeOptions, Hear, Post } from "./bare-home.ts";

/** As it is stored. */
interface Stored {
  readonly from: Jid;
  readonly to: Jid;
  readonly id: string;
  readonly body: string;
}

const ANSWER_MS = 15_000;

/**
 * A plain component: the bridge's stream, stanzas and shared pings, so that only what lies around them differs.
 * @param lost told when the link ends; nothing is sent again
 */
export async function bareXmpp(
  { port, secret, domain }: BareHomeOptions & { kind: "xmpp" },
  lost: (why: string) => void,
): Promise<BareHome> {
  let serial = 0;
  let heard = (_: XmlElement): void => {};
  const service = { host: "127.0.0.1", port, domain, secret: new Secret(secret) };
  const stream = await ComponentStream.open(service, {
    element: (stanza) => {
      if (stanza.name === "message") heard(stanza);
      else barriers.passed(stanza.attrs.id ?? "");
    },
    closed: ({ message }) => lost(message),
  });
  const barriers = new Barriers({
    send: (id) => stream.write(el("iq", { type: "get", id, from: domain, to: domain }, el("ping", { xmlns: NS.ping }))),
    answerMs: ANSWER_MS,
    dead: () => lost("no answer"),
  });
  return {
    async post({ resident, ghost }, body) {
      serial += 1;
      const [from, to] = [`${ghost}@${domain}` as Jid, resident as Jid];
      stream.write(chatMessage({ from, to, id: `bare-${process.pid}-${serial}`, body, nick: ghost }));
      await barriers.pass();
    },
    async confirm(raw) {
      const { from, to, id } = raw as Stored;
      stream.write(receiptMessage({ from: to, to: from }, id));
    },
    async listen(posts, hear) {
      const byPair = new Map(posts.map((post) => [`${post.ghost}@${domain} ${post.resident}`, post]));
      heard = inTurn(byPair, hear);
      return domain;
    },
  };
}

/** One after another for each chat, as the bridge takes them. */
function inTurn(byPair: ReadonlyMap<string, Post>, hear: Hear): (stanza: XmlElement) => void {
  const last = new Map<Post, Promise<void>>();
  return (stanza) => {
    const { from = "", to = "", id = "" } = stanza.attrs;
    const body = stanza.getChildText("body");
    const post = byPair.get(`${to} ${bare(from as Jid)}`);
    if (post === undefined || body === null) return;
    const store = async (): Promise<void> => {
      const after = await hear(id, [{ post, body, raw: { from, to, id, body } }]);
      after();
    };
    last.set(post, (last.get(post) ?? Promise.resolve()).then(store));
  };
}
