/** What the stub homeserver knows and how it answers each call; the HTTP around it is in stub-homeserver.ts. */
export type Json = Record<string, unknown>;

export interface StubRoom {
  readonly id: string;
  readonly version: Json;
  readonly members: Map<string, "join" | "invite" | "leave" | "ban">;
  readonly state: Map<string, Json>;
  /** Who has set a piece of state and when; absent: the bot, before anybody. */
  readonly writers: Map<string, { readonly sender: string; readonly at: number }>;
  /** What people did there, oldest first, as a test has put it; the bridge reads it by /messages. */
  readonly history: Json[];
  readonly events: { id: string; type: string; sender: string; ts: number; content: Json }[];
}

export type Route = readonly [
  name: string,
  method: string,
  path: RegExp,
  handle: (call: Request, args: string[]) => unknown,
];

export interface Request {
  readonly user: string;
  readonly device: string | undefined;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Json;
}

export class Refusal extends Error {
  readonly status: number;
  readonly errcode: string;

  constructor(status: number, errcode: string, message: string) {
    super(message);
    this.status = status;
    this.errcode = errcode;
  }
}

export interface WorldOptions {
  readonly domain: string;
  /** False for the bench: events are not kept. */
  readonly keep: boolean;
  readonly ping: () => Promise<Json>;
}

export class StubWorld {
  readonly users = new Set<string>();
  readonly devices = new Set<string>();
  readonly names = new Map<string, string>();
  readonly presence = new Map<string, Json>();
  readonly typing = new Map<string, Json>();
  readonly receipts: { room: string; event: string; user: string }[] = [];
  readonly rooms = new Map<string, StubRoom>();
  readonly aliases = new Map<string, string>();
  readonly accountData = new Map<string, Json>();
  readonly #options: WorldOptions;
  readonly #transactions = new Map<string, string>();
  #serial = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  get bot(): string {
    return `@_msnbot:${this.#options.domain}`;
  }

  /** A number that was not given before, for ids. */
  next(): number {
    return ++this.#serial;
  }

  /** A room as a resident made it. */
  makeRoom(members: Readonly<Record<string, "join" | "invite">>): StubRoom {
    const id = `!room${++this.#serial}:${this.#options.domain}`;
    const room: StubRoom = {
      id,
      version: {},
      members: new Map(Object.entries(members)),
      state: new Map(),
      writers: new Map(),
      history: [],
      events: [],
    };
    this.rooms.set(id, room);
    return room;
  }

  /** A piece of state (`type key`) as somebody sets it. @returns a number that grows with time */
  setState(room: string, sender: string, key: string, content: Json): number {
    const { state, writers } = this.room(room);
    state.set(key, content);
    writers.set(key, { sender, at: ++this.#serial });
    return this.#serial;
  }

  room(id: string): StubRoom {
    const room = this.rooms.get(id);
    if (!room) throw new Error(`no room ${id}`);
    return room;
  }

  authenticate(call: Request): void {
    if (call.user !== this.bot && !this.users.has(call.user)) {
      throw new Refusal(403, "M_FORBIDDEN", `Application service has not registered this user (${call.user})`);
    }
    if (call.device !== undefined && !this.devices.has(`${call.user} ${call.device}`)) {
      throw new Refusal(400, "M_UNKNOWN_DEVICE", "a device that does not exist");
    }
  }

  #inside(room: string, user: string): StubRoom {
    const found = this.rooms.get(room);
    if (found?.members.get(user) !== "join") throw new Refusal(403, "M_FORBIDDEN", `${user} is not in ${room}`);
    return found;
  }

  /** As Synapse does: who has left a room sees its state still, as it was then. */
  #seenBy(room: string, user: string): StubRoom {
    const found = this.rooms.get(room);
    return found?.members.get(user) === "leave" ? found : this.#inside(room, user);
  }

  readonly routes: readonly Route[] = [
    [
      "send",
      "PUT",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/send\/([^/]+)\/([^/]+)$/,
      (call, args) => this.#post(call, args),
    ],
    [
      "redact",
      "PUT",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/redact\/([^/]+)\/([^/]+)$/,
      (call, args) => this.#redact(call, args),
    ],
    [
      "receipt",
      "POST",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/receipt\/m\.read\/([^/]+)$/,
      ({ user }, [room = "", event = ""]) => {
        this.#inside(room, user);
        if (this.#options.keep) this.receipts.push({ room, event, user });
      },
    ],
    [
      "typing",
      "PUT",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/typing\/([^/]+)$/,
      ({ body }, [room, user]) => {
        this.typing.set(`${room} ${user}`, body);
      },
    ],
    [
      "presence",
      "PUT",
      /^\/_matrix\/client\/v3\/presence\/([^/]+)\/status$/,
      ({ body }, [user = ""]) => {
        this.presence.set(user, body);
      },
    ],
    ["register", "POST", /^\/_matrix\/client\/v3\/register$/, ({ body }) => this.#register(body)],
    [
      "device",
      "PUT",
      /^\/_matrix\/client\/v3\/devices\/([^/]+)$/,
      ({ user }, [device]) => {
        this.devices.add(`${user} ${device}`);
      },
    ],
    [
      "set-name",
      "PUT",
      /^\/_matrix\/client\/v3\/profile\/([^/]+)\/displayname$/,
      ({ body }, [user = ""]) => {
        this.names.set(user, String(body.displayname));
      },
    ],
    [
      "profile",
      "GET",
      /^\/_matrix\/client\/v3\/profile\/([^/]+)(?:\/displayname)?$/,
      (_call, [user = ""]) => ({ displayname: this.names.get(user) }),
    ],
    [
      "joined-rooms",
      "GET",
      /^\/_matrix\/client\/v3\/joined_rooms$/,
      ({ user }) => ({
        joined_rooms: [...this.rooms.values()].flatMap(({ id, members }) => (members.get(user) === "join" ? [id] : [])),
      }),
    ],
    ["whoami", "GET", /^\/_matrix\/client\/v3\/account\/whoami$/, ({ user }) => ({ user_id: user })],
    ["create-room", "POST", /^\/_matrix\/client\/v3\/createRoom$/, (call) => this.#create(call)],
    [
      "join",
      "POST",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/join$/,
      ({ user }, [room = ""]) => this.#join(room, user),
    ],
    [
      "leave",
      "POST",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/leave$/,
      ({ user }, [room = ""]) => {
        this.rooms.get(room)?.members.set(user, "leave");
      },
    ],
    [
      "invite",
      "POST",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/invite$/,
      ({ user, body }, [room = ""]) => {
        const { members } = this.#inside(room, user);
        if (members.get(String(body.user_id)) === "ban") throw new Refusal(403, "M_FORBIDDEN", "banned");
        members.set(String(body.user_id), "invite");
      },
    ],
    [
      "members",
      "GET",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/joined_members$/,
      ({ user }, [room = ""]) => this.#members(room, user),
    ],
    [
      "member",
      "GET",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/state\/m\.room\.member\/([^/]+)$/,
      ({ user }, [room = "", whom = ""]) => {
        const { members, state } = this.#inside(room, user);
        const membership = members.get(whom);
        if (membership === undefined) throw new Refusal(404, "M_NOT_FOUND", "no such member");
        return { ...state.get(`m.room.member ${whom}`), membership };
      },
    ],
    [
      "state",
      "GET",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/state\/([^/]+)\/(.*)$/,
      ({ user }, [room = "", type = "", key = ""]) => {
        const content = this.#inside(room, user).state.get(`${type} ${key}`);
        if (!content) throw new Refusal(404, "M_NOT_FOUND", "no such state");
        return content;
      },
    ],
    [
      "state",
      "PUT",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/state\/([^/]+)\/(.*)$/,
      ({ user, body }, [room = "", type, key]) => {
        this.#inside(room, user);
        return { event_id: `$s${this.setState(room, user, `${type} ${key}`, body)}` };
      },
    ],
    [
      "alias",
      "GET",
      /^\/_matrix\/client\/v3\/directory\/room\/([^/]+)$/,
      (_call, [alias = ""]) => {
        const room_id = this.aliases.get(alias);
        if (room_id === undefined) throw new Refusal(404, "M_NOT_FOUND", "no such alias");
        return { room_id };
      },
    ],
    [
      "alias",
      "DELETE",
      /^\/_matrix\/client\/v3\/directory\/room\/([^/]+)$/,
      (_call, [alias = ""]) => {
        this.aliases.delete(alias);
      },
    ],
    [
      "messages",
      "GET",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/messages$/,
      ({ user }, [room = ""]) => ({ chunk: this.#inside(room, user).history.toReversed() }),
    ],
    [
      "event",
      "GET",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/event\/([^/]+)$/,
      ({ user }, [room = "", event = ""]) => this.#event(room, user, event),
    ],
    [
      "event",
      "GET",
      /^\/_matrix\/client\/v1\/rooms\/([^/]+)\/relations\/([^/]+)\/m\.replace$/,
      ({ user }, [room = "", event = ""]) => ({ chunk: this.#edits(room, user, event).toReversed() }),
    ],
    [
      "invited",
      "GET",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/members$/,
      ({ user }, [room = ""]) => {
        const { members } = this.#inside(room, user);
        const asked = [...members].filter(([, membership]) => membership === "invite");
        return { chunk: asked.map(([state_key]) => ({ type: "m.room.member", state_key })) };
      },
    ],
    [
      "kick",
      "POST",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/kick$/,
      ({ user, body }, [room = ""]) => {
        this.#inside(room, user).members.set(String(body.user_id), "leave");
      },
    ],
    [
      "unban",
      "POST",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/unban$/,
      ({ user, body }, [room = ""]) => {
        this.#inside(room, user).members.set(String(body.user_id), "leave");
      },
    ],
    [
      "whole-state",
      "GET",
      /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/state$/,
      ({ user }, [room = ""]) => stateEvents(this.#seenBy(room, user), this.bot),
    ],
    [
      "relations",
      "GET",
      /^\/_matrix\/client\/v1\/rooms\/([^/]+)\/relations\/([^/]+)\/m\.reference\/m\.room\.message$/,
      ({ user }, [room = "", id = ""]) => ({ chunk: this.#references(room, user, id) }),
    ],
    [
      "account-data",
      "GET",
      /^\/_matrix\/client\/v3\/user\/([^/]+)\/rooms\/([^/]+)\/account_data\/([^/]+)$/,
      ({ path }) => {
        const data = this.accountData.get(path);
        if (!data) throw new Refusal(404, "M_NOT_FOUND", "no such data");
        return data;
      },
    ],
    [
      "account-data",
      "PUT",
      /^\/_matrix\/client\/v3\/user\/([^/]+)\/rooms\/([^/]+)\/account_data\/([^/]+)$/,
      ({ path, body }) => {
        this.accountData.set(path, body);
      },
    ],
    ["ping", "POST", /^\/_matrix\/client\/v1\/appservice\/([^/]+)\/ping$/, () => this.#options.ping()],
  ];

  #post({ user, device, path, query, body }: Request, [room = "", type = ""]: string[]): Json {
    const known = this.#transactions.get(`${path} ${device}`);
    if (known !== undefined) return { event_id: known };
    const { events } = this.#inside(room, user);
    const id = `$m${++this.#serial}`;
    this.#transactions.set(`${path} ${device}`, id);
    if (this.#options.keep) {
      events.push({ id, type, sender: user, ts: Number(query.get("ts") ?? Date.now()), content: body });
    }
    return { event_id: id };
  }

  /** With the newest edit, as homeservers bundle it. */
  #event(room: string, user: string, id: string): Json {
    const event = this.#all(room, user).find(({ event_id }) => event_id === id);
    if (event === undefined) throw new Refusal(404, "M_NOT_FOUND", "no such event");
    const isGone = this.#inside(room, user).events.some(({ content }) => content.redacts === id);
    if (isGone) return { ...event, content: {} };
    const edit = this.#edits(room, user, id).at(-1);
    return edit === undefined ? event : { ...event, unsigned: { "m.relations": { "m.replace": edit } } };
  }

  #edits(room: string, user: string, id: string): Json[] {
    return this.#all(room, user).filter(({ content }) => {
      const relation = (content as Json)["m.relates_to"] as Json | undefined;
      return relation?.rel_type === "m.replace" && relation.event_id === id;
    });
  }

  /** What was there before the test, and what was said in it. */
  #all(room: string, user: string): Json[] {
    const { history, events } = this.#inside(room, user);
    return [...history, ...events.map(({ id: event_id, ...event }) => ({ event_id, ...event }))];
  }

  /** Newest first, without what was taken back. */
  #references(room: string, user: string, id: string): Json[] {
    const { events } = this.#inside(room, user);
    const gone = new Set(events.map(({ content }) => content.redacts));
    return events
      .filter(({ content, id: own }) => {
        const relation = content["m.relates_to"] as Json | undefined;
        return relation?.rel_type === "m.reference" && relation.event_id === id && !gone.has(own);
      })
      .map(({ id: event_id, sender, content }) => ({ event_id, sender, content }))
      .toReversed();
  }

  #redact({ user, path }: Request, [room = "", event = ""]: string[]): Json {
    const inside = this.#inside(room, user);
    if (inside.state.get("power ")?.redact === false) throw new Refusal(403, "M_FORBIDDEN", "no power to redact");
    if (!this.#transactions.has(path))
      inside.events.push({
        id: `$r${++this.#serial}`,
        type: "m.room.redaction",
        sender: user,
        ts: 0,
        content: { redacts: event },
      });
    this.#transactions.set(path, event);
    return { event_id: `$r${this.#serial}` };
  }

  #register(body: Json): Json {
    const user = `@${String(body.username)}:${this.#options.domain}`;
    if (this.users.has(user)) throw new Refusal(400, "M_USER_IN_USE", "taken");
    this.users.add(user);
    return { user_id: user };
  }

  #create({ user, body }: Request): Json {
    const alias =
      body.room_alias_name === undefined ? undefined : `#${String(body.room_alias_name)}:${this.#options.domain}`;
    if (alias !== undefined && this.aliases.has(alias))
      throw new Refusal(400, "M_ROOM_IN_USE", "Room alias already taken");
    const invited = ((body.invite ?? []) as string[]).map((one) => [one, "invite"] as const);
    const room = this.makeRoom({ [user]: "join", ...Object.fromEntries(invited) });
    Object.assign(room.version, body);
    for (const { type, state_key, content } of (body.initial_state ?? []) as {
      type: string;
      state_key: string;
      content: Json;
    }[]) {
      this.setState(room.id, user, `${type} ${state_key}`, content);
    }
    this.setState(room.id, user, "m.room.create ", (body.creation_content ?? {}) as Json);
    if (body.name !== undefined) room.state.set("m.room.name ", { name: body.name });
    if (body.topic !== undefined) room.state.set("m.room.topic ", { topic: body.topic });
    room.state.set("m.room.power_levels ", { users: { [user]: 100 }, ...(body.power_level_content_override as Json) });
    if (alias !== undefined) this.aliases.set(alias, room.id);
    return { room_id: room.id };
  }

  #join(room: string, user: string): Json {
    const found = this.rooms.get(room);
    const now = found?.members.get(user);
    if (!found || (now !== "invite" && now !== "join"))
      throw new Refusal(403, "M_FORBIDDEN", "You are not invited to this room.");
    found.members.set(user, "join");
    return { room_id: room };
  }

  #members(room: string, user: string): Json {
    const joined = [...this.#inside(room, user).members].filter(([, membership]) => membership === "join");
    return { joined: Object.fromEntries(joined.map(([id]) => [id, {}])) };
  }
}

/** A room's state as events. */
function stateEvents({ members, state, writers }: StubRoom, bot: string): Json[] {
  const joined = [...members].map(([user, membership]) => ({
    type: "m.room.member",
    state_key: user,
    sender: bot,
    content: { membership },
  }));
  const rest = [...state].map(([key, content]) => {
    const blank = key.indexOf(" ");
    const { sender = bot, at = 0 } = writers.get(key) ?? {};
    return { type: key.slice(0, blank), state_key: key.slice(blank + 1), sender, origin_server_ts: at, content };
  });
  return [...joined, ...rest];
}
