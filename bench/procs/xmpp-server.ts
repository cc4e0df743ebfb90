/** The stub XMPP server as a process of its own: takes the bridge in as a component, with everybody who lives there. */
import { randomUUID } from "node:crypto";
import { NS, type XmlElement } from "../../src/xmpp/stanza/xml.ts";
import { escaped, StubXmppServer } from "../../test/support/stub-xmpp-server.ts";
import { answer } from "../lib/child.ts";
import { type Chat, homeSide, type Speaker } from "../lib/home-side.ts";

/** Of everybody's only client. */
const CLIENT = "desk";

let stub: StubXmppServer | undefined;

function running(): StubXmppServer {
  if (stub === undefined) throw new Error("the stub XMPP server is not started");
  return stub;
}

/** Texts as a client sends them: with an id that is theirs alone, and the wish to hear that they have arrived. */
class Talker implements Speaker {
  readonly #domain: string;
  #last: Promise<void> = Promise.resolve();

  constructor(domain: string) {
    this.#domain = domain;
  }

  say({ resident, ghost }: Chat, text: string): void {
    const id = randomUUID();
    const attrs = `type='chat' id='${id}' from='${resident}/${CLIENT}' to='${escaped(ghost)}@${this.#domain}'`;
    const marks = `<origin-id xmlns='${NS.sid}' id='${id}'/><request xmlns='${NS.receipts}'/>`;
    this.#last = running().send(
      this.#domain,
      `<message ${attrs}><body>${escaped(text)}</body><active xmlns='${NS.chatStates}'/>${marks}</message>`,
    );
  }

  /** In order: when the last has left, all have. */
  finished(): Promise<void> {
    return this.#last;
  }
}

const side = homeSide((domain) => new Talker(domain));

function take(message: XmlElement): void {
  const body = message.getChildText("body");
  if (body !== null) side.sent.add(body);
  else if (message.getChild("received") !== undefined) side.receipts.add("");
}

const questions = {
  ...side.questions,
  /** @returns the port for components */
  async start(o: { secret: string }): Promise<number> {
    stub = await StubXmppServer.start({ ...o, onMessage: take });
    return stub.port;
  },
  /** Everybody comes online, and a component hears of it. */
  async appear(o: { residents: readonly string[]; to: string }): Promise<void> {
    for (const resident of o.residents)
      await running().send(o.to, `<presence from='${resident}/${CLIENT}' to='${o.to}'/>`);
  },
};

export type XmppServerQuestions = typeof questions;

if (import.meta.main) answer(questions);
