import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { HomeserverClient, MatrixCallError, path } from "./matrix-http.ts";
import { describeEvent, type JoinedRoomPart, type MatrixEvent, RoomView, type SyncAnswer } from "./matrix-room.ts";
import type { Trace } from "./trace.ts";
import { Watchers } from "./watchers.ts";

export interface PersonOptions {
  readonly trace?: Trace | undefined;
  /** Used when there is no access token. */
  readonly password?: string;
  readonly accessToken?: string;
}

export interface Presence {
  readonly presence: string;
  readonly statusMsg: string | undefined;
}

export interface Invite {
  readonly roomId: string;
  readonly from: string;
  readonly direct: boolean;
  /** Into a space, which is no place to talk. */
  readonly space: boolean;
}

export interface NewRoom {
  readonly invite?: readonly string[];
  readonly name?: string;
  /** Marks the invites as direct and notes the room in the person's m.direct. */
  readonly direct?: boolean;
  readonly encrypted?: boolean;
  readonly roomVersion?: string;
}

/** For what will come, on however busy a machine. */
const WAIT_MS = 60_000;
const POLL_MS = 25_000;
const RETRY_MS = 100;
const BREATH_MS = 40;
/** Events of a room in one answer of /sync; what goes beyond is read by /messages, which may order it in another way. */
const SYNC_FILTER = JSON.stringify({ room: { timeline: { limit: 100 } } });
/** One page of /messages; Synapse caps it at 1000. */
const PAGE = 500;
const MOST_PAGES = 40;

/**
 * A person at a Matrix client, for tests and for the sandbox: signed in, always syncing, sees what a client would show.
 * A homeserver that is down for a while is waited for. Independent of the bridge's own Matrix code on purpose: what one
 * gets wrong the other shows.
 */
export class MatrixPerson {
  readonly userId: string;
  readonly rooms = new Map<string, RoomView>();
  /** Open invites by room. */
  readonly invites = new Map<string, Invite>();
  readonly client: HomeserverClient;
  readonly #trace: Trace | undefined;
  readonly #name: string;
  readonly #presence = new Map<string, Presence>();
  readonly #accountData = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #watchers = new Watchers();
  #online = false;
  #closed = false;
  #poll = new AbortController();
  #ownPresence = "online";
  #since: string | undefined;
  #syncFailure: unknown;
  #loop: Promise<void> = Promise.resolve();

  private constructor(userId: string, client: HomeserverClient, options: PersonOptions) {
    this.userId = userId;
    this.client = client;
    this.#trace = options.trace;
    this.#name = `matrix ${localpart(userId)}`;
  }

  /**
   * Signs in and starts to sync; resolves after the first sync.
   *
   * @throws MatrixCallError when the homeserver refuses the sign-in
   */
  static async signIn(url: string, userId: string, options: PersonOptions): Promise<MatrixPerson> {
    const about = { trace: options.trace, name: `matrix ${localpart(userId)}` };
    const accessToken = options.accessToken ?? (await login(url, userId, options.password ?? "", about));
    const person = new MatrixPerson(userId, new HomeserverClient(url, { accessToken, ...about }), options);
    await person.#syncOnce(0);
    person.goOnline();
    return person;
  }

  /** Stops syncing for good; waiting calls fail. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.goOffline();
    this.#watchers.wake();
  }

  /** Stops syncing, as a client that is put away; what is sent meanwhile is seen after {@link goOnline}. */
  async goOffline(): Promise<void> {
    this.#online = false;
    this.#poll.abort();
    await this.#loop;
  }

  /** Syncs (again), from where it stopped. */
  goOnline(): void {
    if (this.#online || this.#closed) return;
    this.#online = true;
    this.#loop = this.#syncLoop();
  }

  room(roomId: string): RoomView {
    let room = this.rooms.get(roomId);
    if (room === undefined) {
      room = new RoomView(roomId);
      this.rooms.set(roomId, room);
    }
    return room;
  }

  /** The last presence this person was told of someone; undefined when none yet. */
  presenceOf(userId: string): Presence | undefined {
    return this.#presence.get(userId);
  }

  accountData(type: string): Readonly<Record<string, unknown>> | undefined {
    return this.#accountData.get(type);
  }

  /** Rooms that this person's m.direct names for someone. */
  directRooms(userId: string): readonly string[] {
    const rooms = this.accountData("m.direct")?.[userId];
    return Array.isArray(rooms) ? rooms.map(String) : [];
  }

  async createRoom(wish: NewRoom = {}): Promise<string> {
    const made = await this.client.call<{ room_id: string }>("POST", path("createRoom"), {
      body: {
        preset: "trusted_private_chat",
        invite: wish.invite ?? [],
        is_direct: wish.direct === true,
        ...(wish.name === undefined ? {} : { name: wish.name }),
        ...(wish.roomVersion === undefined ? {} : { room_version: wish.roomVersion }),
        ...(wish.encrypted === true ? { initial_state: [ENCRYPTION] } : {}),
      },
    });
    const roomId = made.room_id;
    if (wish.direct === true) {
      const direct: Record<string, unknown> = { ...this.accountData("m.direct") };
      for (const userId of wish.invite ?? []) direct[userId] = [...this.directRooms(userId), roomId];
      await this.client.call("PUT", path("user", this.userId, "account_data", "m.direct"), { body: direct });
    }
    return roomId;
  }

  /** A direct room with someone, as a client makes it. */
  async startDirect(userId: string): Promise<string> {
    return await this.createRoom({ invite: [userId], direct: true });
  }

  async join(roomId: string): Promise<void> {
    await this.client.call("POST", path("join", roomId), { body: {} });
    this.invites.delete(roomId);
  }

  async leave(roomId: string): Promise<void> {
    await this.client.call("POST", path("rooms", roomId, "leave"), { body: {} });
    this.invites.delete(roomId);
  }

  async invite(roomId: string, userId: string): Promise<void> {
    await this.client.call("POST", path("rooms", roomId, "invite"), { body: { user_id: userId } });
  }

  /** Sends a text and gives its event id. The same `txnId` again is the same event. */
  async sendText(roomId: string, body: string, txnId: string = randomUUID()): Promise<string> {
    return await this.sendEvent(roomId, "m.room.message", { msgtype: "m.text", body }, txnId);
  }

  async sendEvent(roomId: string, type: string, content: object, txnId: string = randomUUID()): Promise<string> {
    const call = path("rooms", roomId, "send", type, txnId);
    return (await this.client.call<{ event_id: string }>("PUT", call, { body: content })).event_id;
  }

  async react(roomId: string, eventId: string, key: string): Promise<string> {
    return await this.sendEvent(roomId, "m.reaction", {
      "m.relates_to": { rel_type: "m.annotation", event_id: eventId, key },
    });
  }

  async redact(roomId: string, eventId: string): Promise<void> {
    await this.client.call("PUT", path("rooms", roomId, "redact", eventId, randomUUID()), { body: {} });
  }

  async type(roomId: string, typing: boolean, timeoutMs = 30_000): Promise<void> {
    const call = path("rooms", roomId, "typing", this.userId);
    await this.client.call("PUT", call, { body: typing ? { typing, timeout: timeoutMs } : { typing } });
  }

  async markRead(roomId: string, eventId: string): Promise<void> {
    await this.client.call("POST", path("rooms", roomId, "receipt", "m.read", eventId), { body: {} });
  }

  /** Sets the own presence ("online", "unavailable", "offline") and status text, and keeps it while syncing. */
  async setPresence(presence: string, statusMsg?: string): Promise<void> {
    this.#ownPresence = presence;
    // The running poll would still say the old one.
    this.#poll.abort();
    await this.client.call("PUT", path("presence", this.userId, "status"), {
      body: { presence, ...(statusMsg === undefined ? {} : { status_msg: statusMsg }) },
    });
  }

  async setDisplayName(name: string): Promise<void> {
    await this.client.call("PUT", path("profile", this.userId, "displayname"), { body: { displayname: name } });
  }

  async profile(userId: string): Promise<Readonly<Record<string, unknown>>> {
    return await this.client.call("GET", path("profile", userId));
  }

  /**
   * Waits until `find` gives something other than undefined or false; asked again after each sync.
   *
   * @param what completes the sentence "anna waited for …"
   * @throws Error saying what was waited for and what was seen last
   */
  async waitFor<T>(what: string, find: () => T | undefined | false, timeoutMs = WAIT_MS): Promise<T> {
    return await this.#watchers.waitFor(find, {
      timeoutMs,
      ended: () => {
        if (this.#closed) return "was closed";
        return this.#syncFailure === undefined ? undefined : "can no longer sync";
      },
      gaveUp: (why) => this.#gaveUp(what, why),
    });
  }

  /** Waits for a message whose body is (or matches) `text`; from `sender` only, when given. */
  async waitForMessage(
    roomId: string,
    text: string | RegExp,
    sender?: string,
    timeoutMs = WAIT_MS,
  ): Promise<MatrixEvent> {
    const fits = (body: string): boolean => (typeof text === "string" ? body === text : text.test(body));
    const find = (): MatrixEvent | undefined =>
      this.rooms
        .get(roomId)
        ?.messages(sender)
        .find((event) => fits(String(event.content.body)));
    return await this.waitFor(`the message ${text} of ${sender ?? "anyone"} in ${roomId}`, find, timeoutMs);
  }

  /** The bodies of all messages of `sender` that the homeserver has now, oldest first, whatever /sync has brought so far. */
  async history(roomId: string, sender: string): Promise<readonly string[]> {
    const events = await this.#backwards(roomId, undefined, () => false);
    return events
      .filter((event) => event.type === "m.room.message" && event.sender === sender)
      .map((event) => String(event.content.body));
  }

  /** Waits for an invite of `from` (anyone's when not given) into a room to talk in. */
  async waitForInvite(from?: string, timeoutMs = WAIT_MS): Promise<Invite> {
    return await this.#waitForInvite(false, from, timeoutMs);
  }

  /** Waits for an invite of `from` into a space. */
  async waitForSpace(from: string, timeoutMs = WAIT_MS): Promise<Invite> {
    return await this.#waitForInvite(true, from, timeoutMs);
  }

  async #waitForInvite(space: boolean, from: string | undefined, timeoutMs: number): Promise<Invite> {
    const find = (): Invite | undefined =>
      [...this.invites.values()].find(
        (invite) => invite.space === space && (from === undefined || invite.from === from),
      );
    return await this.waitFor(`an invite ${space ? "into a space " : ""}from ${from ?? "anyone"}`, find, timeoutMs);
  }

  async #syncLoop(): Promise<void> {
    while (this.#online) {
      try {
        await this.#syncOnce(POLL_MS);
        // As busy clients do: what comes in quick succession comes in one answer, which spares the homeserver most of its work.
        await pause(BREATH_MS);
      } catch (error) {
        if (!this.#online) return;
        if (error instanceof MatrixCallError && error.status < 500 && error.status !== 429) {
          this.#syncFailure = error;
          this.#watchers.wake();
          return;
        }
        if (!this.#poll.signal.aborted) await pause(RETRY_MS);
      }
    }
  }

  async #syncOnce(timeout: number): Promise<void> {
    this.#poll = new AbortController();
    const since = this.#since;
    const answer = await this.client.call<SyncAnswer>("GET", path("sync"), {
      query: { since, timeout, set_presence: this.#ownPresence, filter: SYNC_FILTER },
      timeoutMs: timeout + 30_000,
      signal: this.#poll.signal,
    });
    for (const [roomId, part] of Object.entries(answer.rooms?.join ?? {})) await this.#seeRoom(roomId, part, since);
    for (const [roomId, part] of Object.entries(answer.rooms?.leave ?? {})) {
      await this.#seeRoom(roomId, part, since);
      this.room(roomId).joined = false;
      this.invites.delete(roomId);
    }
    this.#seeInvites(answer);
    for (const { type, content } of answer.account_data?.events ?? []) this.#accountData.set(type, content);
    for (const { sender, content } of answer.presence?.events ?? []) this.#seePresence(sender, content);
    this.#since = answer.next_batch;
    this.#watchers.wake();
  }

  async #seeRoom(roomId: string, part: JoinedRoomPart, since: string | undefined): Promise<void> {
    const room = this.room(roomId);
    const events = part.timeline?.events ?? [];
    const gap = part.timeline?.limited === true && since !== undefined ? part.timeline.prev_batch : undefined;
    const missed = gap === undefined ? [] : await this.#fillGap(room, gap);
    for (const event of part.state?.events ?? []) room.addState(event);
    room.addEvents([...missed, ...events]);
    room.joined = true;
    this.invites.delete(roomId);
    for (const event of [...missed, ...events]) this.#trace?.(this.#name, describeEvent(event));
    for (const event of part.ephemeral?.events ?? []) {
      room.addEphemeral(event);
      this.#trace?.(this.#name, `${roomId} ${event.type} ${JSON.stringify(event.content)}`);
    }
  }

  /** What a "limited" sync left out, oldest first: from the gap back to the events already seen. */
  async #fillGap(room: RoomView, prevBatch: string): Promise<readonly MatrixEvent[]> {
    return await this.#backwards(room.id, prevBatch, (event) => room.has(event.event_id));
  }

  /**
   * Pages /messages backwards, from the newest event when `from` is not given, until one page has something `known`; oldest
   * first, without that. What was sent at the same moment may stand here behind what /sync has given, and is taken, too.
   */
  async #backwards(
    roomId: string,
    from: string | undefined,
    known: (event: MatrixEvent) => boolean,
  ): Promise<readonly MatrixEvent[]> {
    const found: MatrixEvent[] = [];
    let next: string | undefined = from ?? "";
    for (let pages = 0; next !== undefined && pages < MOST_PAGES; pages++) {
      const page: { chunk: readonly MatrixEvent[]; end?: string } = await this.client.call(
        "GET",
        path("rooms", roomId, "messages"),
        {
          query: { dir: "b", limit: PAGE, ...(next === "" ? {} : { from: next }) },
        },
      );
      const oldest = page.chunk.findLastIndex(known);
      const newer = oldest === -1 ? page.chunk : page.chunk.slice(0, oldest);
      found.unshift(...newer.filter((event) => !known(event)).toReversed());
      next = oldest === -1 ? page.end : undefined;
    }
    return found;
  }

  #seeInvites(answer: SyncAnswer): void {
    for (const [roomId, part] of Object.entries(answer.rooms?.invite ?? {})) {
      const events = part.invite_state?.events ?? [];
      for (const event of events) this.room(roomId).addState(event);
      const own = events.find((event) => event.type === "m.room.member" && event.state_key === this.userId);
      const space = this.room(roomId).state("m.room.create")?.type === "m.space";
      const direct = own?.content.is_direct === true;
      this.invites.set(roomId, { roomId, from: own?.sender ?? "", direct, space });
      this.#trace?.(this.#name, `invited to ${roomId} by ${own?.sender ?? "?"}`);
    }
  }

  #seePresence(sender: string, content: Readonly<Record<string, unknown>>): void {
    const statusMsg = content.status_msg;
    const seen = {
      presence: String(content.presence),
      statusMsg: typeof statusMsg === "string" ? statusMsg : undefined,
    };
    this.#presence.set(sender, seen);
    this.#trace?.(this.#name, `presence of ${sender}: ${seen.presence} ${seen.statusMsg ?? ""}`.trimEnd());
  }

  #gaveUp(what: string, why: string): Error {
    const rooms = [...this.rooms.values()].map((room) => {
      const last = room.timeline.slice(-8).map((event) => `      ${describeEvent(event)}`);
      return [
        `  ${room.id}${room.joined ? "" : " (not joined)"}, ${room.timeline.length} events, the last:`,
        ...last,
      ].join("\n");
    });
    const presence = [...this.#presence].map(([who, p]) => `  ${who} ${p.presence} ${p.statusMsg ?? ""}`.trimEnd());
    const parts = [`${this.userId} ${why}, waiting for ${what}. Seen by then:`, ...rooms, ...presence];
    return new Error(parts.join("\n"), { cause: this.#syncFailure });
  }
}

const ENCRYPTION = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };

function localpart(userId: string): string {
  return userId.slice(1).split(":", 1)[0] ?? userId;
}

async function login(
  url: string,
  userId: string,
  password: string,
  about: { trace: Trace | undefined; name: string },
): Promise<string> {
  const answer = await new HomeserverClient(url, about).call<{ access_token: string }>("POST", path("login"), {
    body: { type: "m.login.password", identifier: { type: "m.id.user", user: userId }, password },
  });
  return answer.access_token;
}
