import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import { type HomeName, type RoomId, roomId } from "../../bridge/model.ts";
import type { HomeHost, IntakeItem } from "../../bridge/ports/home.ts";
import type { Marks } from "../component/marks.ts";
import { residentJid } from "../convert/ghost.ts";
import type { Stored } from "../convert/stored.ts";
import type { IntakeSpool } from "../intake.ts";
import { type BareJid, withResource } from "../jid.ts";
import { asJid, type RoomMessage } from "../muc/room-words.ts";
import { batchInRoom, namesOf, spokenIn, take } from "../muc/taking.ts";
import type { Recall } from "../recall.ts";
import { readMessage } from "../stanza/message.ts";
import type { RelayNote } from "./notes.ts";
import type { RelayRoom } from "./options.ts";
import { openRoom } from "./room-admin.ts";
import { Seat, type SeatingOptions } from "./seat.ts";

export interface RelaysOptions extends SeatingOptions {
  readonly home: HomeName;
  readonly host: () => HomeHost;
  readonly spool: IntakeSpool;
  readonly account: BareJid;
  readonly name: string;
  readonly relays: readonly RelayRoom[];
  /** Who knows already that an account is missing. */
  readonly told: Marks;
  readonly tell: (relay: RelayRoom, text: string) => void;
  readonly recall: Recall;
  readonly tieMs: number;
  readonly log: Logger;
}

interface Relay {
  readonly about: RelayRoom;
  readonly seat: Seat<RelayNote>;
}

/** Conferences that are there without us, each tied by the configuration to one contact of somebody's account. */
export class Relays {
  readonly #o: RelaysOptions;
  readonly #relays = new Map<RoomId, Relay>();
  /** Two at once would both tell that an account is missing. */
  readonly #tying = new Set<Relay>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RelaysOptions) {
    this.#o = options;
  }

  get(room: RoomId): Relay | undefined {
    return this.#relays.get(room);
  }

  all(): Seat[] {
    return [...this.#relays.values()].map(({ seat }) => seat);
  }

  /** `notes`: what is kept of earlier runs. */
  async start(notes: ReadonlyMap<RoomId, RelayNote>): Promise<void> {
    for (const about of this.#o.relays) {
      const room = roomId(about.room);
      const relay: Relay = { about, seat: this.#seat(about, notes.get(room)) };
      this.#relays.set(room, relay);
      await relay.seat.sit();
    }
    this.#timer = setInterval(() => this.tie(), this.#o.tieMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Ties what is not tied yet and can be by now: rooms that we sit in, of residents with an account. */
  tie(): void {
    for (const relay of this.#relays.values()) {
      if (!relay.seat.room?.isIn || this.#tying.has(relay)) continue;
      this.#tying.add(relay);
      this.#tie(relay)
        .catch((error: unknown) =>
          this.#o.log.info(
            { err: asBridgeError(error), room: relay.seat.jid },
            "a room could not be tied to its contact",
          ),
        )
        .finally(() => this.#tying.delete(relay));
    }
  }

  async #tie({ about, seat }: Relay): Promise<void> {
    const { home, host, told, tell } = this.#o;
    const { resident, ghost } = about;
    const room = roomId(seat.jid);
    if (await host().isPortal(home, room)) return;
    if (await host().isLinked(resident)) {
      await host().intake(home, randomUUID(), [itemOf(about, openOf(about))]);
      await told.remove(resident, room);
      return;
    }
    if (await told.has(resident, room)) return;
    await told.add(resident, room);
    tell(
      about,
      `${seat.jid} is to be tied to ${ghost.contact} on your account, and you have linked none yet. Say \`link\`; the room follows by itself.`,
    );
  }

  #seat(about: RelayRoom, note: RelayNote | undefined): Seat<RelayNote> {
    const { log, name, tell } = this.#o;
    const { room, nick = name, password } = about;
    const seat: Seat<RelayNote> = new Seat<RelayNote>({
      ...this.#o,
      jid: room,
      note: note ?? { kind: "relay", position: { at: Date.now() } },
      isKnown: note !== undefined,
      room: {
        nick,
        password: () => password,
        said: async (message) => await this.#said({ about, seat }, message),
        entered: async ({ isNew }) => {
          if (isNew) await openRoom(this.#o.client.link, room);
        },
      },
      spoke: (message) => this.#o.recall.note(spokenIn(message), message.body),
      changed: ({ isIn, why, triesAgain }) => {
        if (isIn) this.tie();
        if (isIn || triesAgain) return;
        log.error({ room, why }, "the account was put out of a room");
        tell(about, `I am no longer in ${room}: ${why}. Ask me in again when I may come back.`);
      },
    });
    return seat;
  }

  async #said({ about, seat }: Relay, message: RoomMessage): Promise<void> {
    const { spool, account, recall } = this.#o;
    // Another client of the account. What was said under its nick while it was away may be anybody's.
    if (message.isOwnNick && (message.saidAt === undefined || message.archivedJid === account)) return;
    const read = readMessage(message.stanza);
    const called = { speaker: message.nick, names: namesOf(message) };
    const heard = read && recall.hear(read, seat.jid, called);
    if (heard === undefined) return;
    const { resident } = about;
    const id = message.stanzaId ?? message.id;
    const sent = {
      from: withResource(seat.jid, message.nick),
      room: seat.jid,
      resident,
      speaker: message.nick,
      ...(id === undefined ? {} : { id }),
    };
    await take(spool, {
      id: batchInRoom(message),
      resident,
      items: async () => {
        const all = (await heard.words()).map((raw): Stored => ({ ...raw, ...sent }));
        return await this.#items({ about, seat }, all);
      },
      stored: heard.keep,
      // Whoever speaks there cannot help it, and the resident has been told.
      refused: (why) => this.#o.log.info({ err: why, room: seat.jid }, "words in a room were not relayed"),
    });
  }

  async #items({ about, seat }: Relay, all: readonly Stored[]): Promise<IntakeItem[]> {
    const { host, home } = this.#o;
    const items = all.map((raw) => itemOf(about, raw));
    if (items.length === 0) return [];
    if (await host().isPortal(home, roomId(seat.jid))) return items;
    if (await host().isLinked(about.resident)) return [itemOf(about, openOf(about)), ...items];
    throw new BridgeError("not-linked");
  }
}

function itemOf({ room, resident, ghost }: RelayRoom, raw: Stored): IntakeItem {
  return { resident, room: roomId(room), control: false, invites: ghost, raw };
}

function openOf({ room, resident, ghost }: RelayRoom): Stored {
  return { kind: "open", from: asJid(residentJid(resident)), to: room, room, resident, ghost };
}
