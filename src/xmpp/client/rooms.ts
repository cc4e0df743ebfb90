import { pause } from "../../bridge/waiting.ts";
import { type BareJid, bare, readJid } from "../jid.ts";
import { ClientLink, type ClientLinkOptions, DEFAULT_CLIENT_LIMITS } from "../link/client-link.ts";
import { MucRoom } from "../muc/muc.ts";
import type { MucOptions } from "../muc/types.ts";
import { el, type XmlElement } from "../stanza/xml.ts";

export type RoomsOptions = Omit<ClientLinkOptions, "fresh" | "stanza"> & {
  /** A stanza that comes from none of the rooms. As {@link ClientLinkOptions.stanza}. */
  readonly stanza?: (stanza: XmlElement) => void | Promise<void>;
  /** What is asked for at the beginning of each session, before the account shows itself. */
  readonly begin?: () => Promise<void>;
  /** How the account shows itself. */
  readonly presence?: () => XmlElement;
};

/** An account that sits in rooms: in each new session it shows itself and enters them again, before anything else is sent. */
export class RoomsClient {
  readonly link: ClientLink;
  readonly #rooms = new Map<BareJid, MucRoom>();
  readonly #options: RoomsOptions;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.link = new ClientLink({
      ...options,
      fresh: async () => await this.#fresh(),
      stanza: async (stanza) => await this.#route(stanza),
    });
  }

  start(): void {
    this.link.start();
  }

  async stop(): Promise<void> {
    for (const room of this.#rooms.values()) room.close();
    await this.link.stop();
  }

  /** A room to sit in from now on: in each new session, and once it is asked to enter. */
  put(options: Omit<MucOptions, "link">): MucRoom {
    const known = this.#rooms.get(options.room);
    if (known !== undefined) return known;
    const room = new MucRoom({ ...options, link: this.link });
    this.#rooms.set(options.room, room);
    return room;
  }

  async #fresh(): Promise<void> {
    await this.#options.begin?.();
    this.link.send(this.#options.presence?.() ?? el("presence"));
    const { freshMs = DEFAULT_CLIENT_LIMITS.freshMs } = this.#options.limits ?? {};
    const waiting = new AbortController();
    // A room that takes longer gets in by itself, and the others need not wait for it.
    await Promise.race([this.#renewAll(), pause(freshMs / 2, waiting.signal)]).finally(() => waiting.abort());
  }

  async #renewAll(): Promise<void> {
    const done = new Set<MucRoom>();
    // Rooms may be added meanwhile.
    for (let todo = this.#without(done); todo.length > 0; todo = this.#without(done)) {
      for (const room of todo) done.add(room);
      await Promise.all(todo.map((room) => room.renew()));
    }
  }

  #without(done: ReadonlySet<MucRoom>): MucRoom[] {
    return [...this.#rooms.values()].filter((room) => !done.has(room));
  }

  async #route(stanza: XmlElement): Promise<void> {
    const from = readJid(stanza.attrs.from);
    const room = from === undefined ? undefined : this.#rooms.get(bare(from));
    if (room !== undefined) await room.stanza(stanza);
    else await this.#options.stanza?.(stanza);
  }
}
