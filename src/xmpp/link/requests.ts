import { randomUUID } from "node:crypto";
import { BridgeError } from "../../bridge/errors.ts";
import { type Jid, readJid } from "../jid.ts";
import { errorCondition, mayPass } from "../stanza/errors.ts";
import type { XmlElement } from "../stanza/xml.ts";

/** A request that was answered with an error. */
export class StanzaRefusal extends Error {
  override readonly name = "StanzaRefusal";
  /** The defined condition, e.g. `forbidden`; `undefined-condition` when the other side gave none. */
  readonly condition: string;
  /** Whether the same may be granted later. */
  readonly passes: boolean;

  /** `type` as RFC 6120 §8.3.2 has it. */
  constructor(condition: string, text: string | undefined, type = "cancel") {
    super(`refused: ${condition}${text === undefined ? "" : ` (${text})`}`);
    this.condition = condition;
    this.passes = mayPass({ type, condition });
  }
}

interface Waiting {
  readonly to: Jid;
  readonly answer: PromiseWithResolvers<XmlElement>;
  readonly timer: NodeJS.Timeout;
}

/** Requests under way at once; what is asked beyond is refused. */
const LIMIT = 2000;

/** Requests that wait for their answers. An answer counts only when it comes from whom was asked. */
export class IqTable {
  readonly #waiting = new Map<string, Waiting>();

  /** @throws BridgeError `home-busy` when too many are under way. */
  add(to: Jid, timeoutMs: number): { id: string; answer: Promise<XmlElement> } {
    if (this.#waiting.size >= LIMIT)
      throw new BridgeError("home-busy", { detail: `${LIMIT} requests wait for their answers` });
    const id = randomUUID();
    const answer = Promise.withResolvers<XmlElement>();
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      answer.reject(new BridgeError("home-down", { detail: `${to} did not answer within ${timeoutMs} ms` }));
    }, timeoutMs);
    this.#waiting.set(id, { to, answer, timer });
    return { id, answer: answer.promise };
  }

  /** False: nobody waits for this, or it does not come from whom was asked. */
  settle(iq: XmlElement): boolean {
    const { id = "", from, type } = iq.attrs;
    const waiting = this.#waiting.get(id);
    if (!waiting || readJid(from) !== waiting.to) return false;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (type === "result") waiting.answer.resolve(iq);
    else {
      const { condition, text, type: kind } = errorCondition(iq);
      waiting.answer.reject(new StanzaRefusal(condition, text, kind));
    }
    return true;
  }

  /** The link is down: nothing will be answered. */
  fail(detail: string): void {
    for (const { answer, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      answer.reject(new BridgeError("home-down", { detail }));
    }
    this.#waiting.clear();
  }

  get size(): number {
    return this.#waiting.size;
  }
}
