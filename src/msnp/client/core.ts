import type { Dialect } from "../dialect/types.ts";
import type { Connection, ConnectionError, ConnectionOwner } from "../transport/connection.ts";
import type { HttpClient } from "../transport/http.ts";
import type { Command } from "../wire/command.ts";
import type { ContactBook } from "./contacts.ts";
import type { Emitter } from "./emitter.ts";
import type { Route } from "./reach.ts";
import type { Timeouts } from "./timeouts.ts";
import type { CloseReason, MsnClientEvents, MsnClientOptions, MsnSelf } from "./types.ts";
import type { WebServices } from "./web-services.ts";

/** A notification connection that is signed in. */
export interface Live {
  readonly ns: Connection;
  /** How it was reached. */
  readonly route: Route;
  readonly dialect: Dialect;
  /** The account's address as the server writes it, which is how its switchboards want it. */
  readonly handle: string;
  readonly web: WebServices;
}

/** What the parts of a client share. */
export interface Core extends ConnectionOwner {
  readonly options: MsnClientOptions;
  readonly timeouts: Timeouts;
  readonly events: Emitter<MsnClientEvents>;
  readonly contacts: ContactBook;
  readonly http: HttpClient;
  self: MsnSelf;
  live: Live | undefined;
  onCommand(command: Command, connection: Connection): void;
  onEnd(error: ConnectionError, connection: Connection): void;
  /** Ends the session from this side, for what the server said. */
  end(reason: CloseReason): void;
}

/** Changes the own entry and tells of it. */
export function updateSelf(core: Core, patch: Partial<Omit<MsnSelf, "email">>): void {
  const previous = core.self;
  const self = { ...previous, ...patch };
  if (self.displayName === previous.displayName && self.status === previous.status) return;
  core.self = self;
  core.events.emit("selfChanged", self, previous);
}
