import { SITE } from "../auth/rst-request.ts";
import { describeError, MsnpError } from "../errors.ts";
import { parseOfflineMime } from "../message/offline-mime.ts";
import { type MailEntry, parseMetadata, readMailData } from "../soap/mail-data.ts";
import { callOfflineFetch, deleteMessages, GET_METADATA, getMessage, parseMessage } from "../soap/offline-fetch.ts";
import { isTicketRefused, isUnavailable, SoapError, type SoapOperation } from "../soap/service.ts";
import type { XmlElement } from "../soap/xml.ts";
import type { Command } from "../wire/command.ts";
import type { Core, Live } from "./core.ts";
import { inTime } from "./storing.ts";
import { Turns } from "./turns.ts";
import type { OfflineMessage } from "./types.ts";

/** Messages handed over, and deleted, at a time. */
const BATCH = 50;
/** Messages fetched at a time. */
const PARALLEL = 4;
/** Messages that one session knows to wait, or remembers to have handed over. */
const MAX_KNOWN = 20_000;
const MAX_RETRIES = 5;
/** Tries of a message that the service does not give, before the others go on without it. */
const MAX_TRIES = 2;

interface Waiting {
  readonly entry: MailEntry;
  tries: number;
}

/**
 * Fetches what was left while the account was offline: announced, read, handed over in batches, and deleted only then
 * (source: msnp-chat §5.6). A message is handed over once in a session, unless handing over failed. What cannot be read
 * stays with the server. Of one session.
 */
export class OfflineInbox {
  readonly #core: Core;
  readonly #live: Live;
  readonly #store: (messages: readonly OfflineMessage[]) => Promise<void>;
  readonly #turns = new Turns(PARALLEL);
  readonly #waiting = new Map<string, Waiting>();
  /** Handed over; false as long as they are not deleted. */
  readonly #stored = new Map<string, boolean>();
  #mustAsk = false;
  #isRunning = false;
  #retries = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(core: Core, live: Live, store: (messages: readonly OfflineMessage[]) => Promise<void>) {
    this.#core = core;
    this.#live = live;
    this.#store = store;
  }

  /** Takes a MSG of the server itself; those without Mail-Data are none of its concern. */
  onNotice(command: Command): void {
    const data = readMailData(command.payload ?? Buffer.alloc(0));
    if (data === undefined || data.length === 0) return;
    if (!this.#live.web.has("oimFetchUrl", SITE.messenger)) {
      this.#note("messages wait, but this network's service for them is not set up, or there is no ticket for it");
      return;
    }
    if (data === "too-large") this.#mustAsk = true;
    else this.#learn(data);
    this.#retries = 0;
    this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Remembers what is new; true when something was. */
  #learn(entries: readonly MailEntry[]): boolean {
    let isNew = false;
    for (const entry of entries) {
      // What was handed over, but is still there, is to be deleted once more.
      const known = this.#waiting.get(entry.id);
      if (this.#stored.has(entry.id)) this.#stored.set(entry.id, false);
      else if (known !== undefined) known.tries = 0;
      else if (this.#waiting.size < MAX_KNOWN) {
        this.#waiting.set(entry.id, { entry, tries: 0 });
        isNew = true;
      }
    }
    return isNew;
  }

  #start(): void {
    if (this.#isRunning || this.#isOver) return;
    this.stop();
    this.#isRunning = true;
    this.#run()
      .catch((error: unknown) => this.#onFailure(error))
      .finally(() => {
        this.#isRunning = false;
      });
  }

  #onFailure(error: unknown): void {
    this.#note(describeError(error));
    if (this.#isOver || this.#retries >= MAX_RETRIES) return;
    this.#timer = setTimeout(() => this.#start(), this.#core.timeouts.offlineRetry * 4 ** this.#retries);
    this.#timer.unref();
    this.#retries += 1;
  }

  get #isOver(): boolean {
    return this.#live.ns.isOver;
  }

  async #run(): Promise<void> {
    do {
      if (this.#mustAsk) {
        const entries = parseMetadata(await this.#call(GET_METADATA));
        // There may be more than one answer holds: it is asked until nothing new comes.
        this.#mustAsk = this.#learn(entries);
      }
      for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
        if (this.#isOver) return;
        await this.#handOver(batch);
      }
      await this.#delete();
      // More may have been announced in the meantime.
    } while (this.#mustAsk || this.#nextBatch().length > 0);
  }

  /** The oldest that wait and may be tried; in the order of the list where times are not told. */
  #nextBatch(): Waiting[] {
    const open = [...this.#waiting.values()].filter(({ tries }) => tries < MAX_TRIES);
    if (open.every(({ entry }) => entry.receivedAt !== undefined)) {
      open.sort((a, b) => (a.entry.receivedAt ?? 0) - (b.entry.receivedAt ?? 0));
    }
    return open.slice(0, BATCH);
  }

  async #handOver(batch: readonly Waiting[]): Promise<void> {
    const read = await Promise.all(batch.map((waiting) => this.#turns.take(() => this.#fetch(waiting))));
    // One that may be there the next time holds the later ones back, so that their order stays.
    const end = batch.findIndex(({ tries }, i) => read[i] === undefined && tries < MAX_TRIES);
    const messages = inOrder(read.slice(0, end < 0 ? undefined : end).filter((message) => message !== undefined));
    // Of a session that has ended meanwhile nothing is handed over: the next one fetches it.
    if (messages.length === 0 || this.#isOver) return;
    await inTime(this.#store(messages));
    for (const { id } of messages) {
      this.#waiting.delete(id);
      if (this.#stored.size >= MAX_KNOWN) this.#forgetOldest();
      this.#stored.set(id, false);
    }
    await this.#delete();
  }

  #forgetOldest(): void {
    for (const id of this.#stored.keys()) {
      this.#stored.delete(id);
      return;
    }
  }

  /** The message; undefined when the service does not give it. Rejects when the service cannot be used at all. */
  async #fetch(waiting: Waiting): Promise<OfflineMessage | undefined> {
    const { entry } = waiting;
    try {
      const message = readMessage(entry, parseMessage(await this.#call(getMessage(entry.id))));
      if (message === undefined) throw new SoapError("protocol", "A waiting message does not say who left it");
      return message;
    } catch (error) {
      if (!isOfMessage(error)) throw error;
      waiting.tries += 1;
      this.#note(describeError(error));
      return undefined;
    }
  }

  /** Deletes what was handed over. A server that knows one of them no more refuses all, so then each goes alone. */
  async #delete(): Promise<void> {
    const ids = [...this.#stored].filter(([, isDeleted]) => !isDeleted).map(([id]) => id);
    for (let at = 0; at < ids.length; at += BATCH) {
      const some = ids.slice(at, at + BATCH);
      try {
        await this.#call(deleteMessages(some));
      } catch (error) {
        if (!isOfMessage(error)) throw error;
        if (some.length > 1) await this.#deleteEach(some);
      }
      for (const id of some) this.#stored.set(id, true);
    }
  }

  async #deleteEach(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      try {
        await this.#call(deleteMessages([id]));
      } catch (error) {
        if (!isOfMessage(error)) throw error;
        this.#note(describeError(error));
      }
    }
  }

  #call(operation: SoapOperation): Promise<XmlElement> {
    if (this.#isOver) return Promise.reject(new MsnpError("closed", "The session is over"));
    const { web } = this.#live;
    const url = web.urlOf("oimFetchUrl");
    return web.withTicket(SITE.messenger, (ticket) => callOfflineFetch(web.http, { ...operation, url, ticket }));
  }

  #note(text: string): void {
    this.#core.options.trace?.("<<<", "SOAP", `Offline messages: ${text}`);
  }
}

/** Whether a failure is that of one message, and not of the service (source: msnp-chat §5.7). */
function isOfMessage(error: unknown): error is SoapError {
  return error instanceof SoapError && !isTicketRefused(error) && !isUnavailable(error);
}

/** What was announced and what the message itself says, together; undefined when nobody knows who it is from. */
export function readMessage(entry: MailEntry, mime: string): OfflineMessage | undefined {
  const { from = entry.from, fromName = entry.fromName, sentAt, text, runId, sequence } = parseOfflineMime(mime);
  if (from === undefined) return undefined;
  const now = Date.now();
  return {
    id: entry.id,
    from,
    fromName: fromName ?? from,
    // Nothing was left before MSN, nor is anything from the future.
    sentAt: Math.min(plausible(sentAt) ?? plausible(entry.receivedAt) ?? now, now),
    text,
    ...(runId !== undefined && { runId }),
    ...(sequence !== undefined && { sequence }),
  };
}

function plausible(at: number | undefined): number | undefined {
  return at !== undefined && at > Date.UTC(1999, 0) ? at : undefined;
}

/**
 * By time; at the same time in the order of the list, in which the messages of one run change places until their numbers
 * ascend (source: msnp-chat §5.6.2). Times are often whole seconds.
 */
export function inOrder(messages: readonly OfflineMessage[]): OfflineMessage[] {
  const sorted = [...messages].sort((a, b) => a.sentAt - b.sentAt);
  const places = new Map<string, number[]>();
  for (const [at, { runId, sequence, sentAt }] of sorted.entries()) {
    if (runId === undefined || sequence === undefined) continue;
    const key = `${sentAt} ${runId}`;
    places.set(key, [...(places.get(key) ?? []), at]);
  }
  const result = [...sorted];
  for (const run of places.values()) {
    const bySequence = [...run].sort((a, b) => (sorted[a]?.sequence ?? 0) - (sorted[b]?.sequence ?? 0));
    for (const [i, place] of run.entries()) {
      const message = sorted[bySequence[i] ?? place];
      if (message !== undefined) result[place] = message;
    }
  }
  return result;
}
