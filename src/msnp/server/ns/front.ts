import type { ConnectionHandler, Request, ServerConnection } from "../connection.ts";
import type { ServerDialect } from "../dialects/index.ts";
import type { Hub } from "../hub.ts";
import { EARLY_CIRCLE_COMMANDS, LATE_COMMANDS } from "./late/commands.ts";
import { LIST_COMMANDS } from "./list-commands.ts";
import { MEMBERSHIP_COMMANDS } from "./membership-commands.ts";
import { MISC_COMMANDS } from "./misc-commands.ts";
import { NOTIFICATION_COMMANDS } from "./notification-commands.ts";
import { OFFLINE_COMMANDS } from "./offline-commands.ts";
import { PRESENCE_COMMANDS } from "./presence-commands.ts";
import type { NsSession } from "./session.ts";
import { SIGN_IN_COMMANDS } from "./sign-in.ts";

/** Handles one command of a signed-in client. May throw: the command then counts as malformed. */
export type SessionCommand = (session: NsSession, request: Request) => void;

const SESSION_COMMANDS: ReadonlyMap<string, SessionCommand> = new Map([
  ...Object.entries(LIST_COMMANDS),
  ...Object.entries(MEMBERSHIP_COMMANDS),
  ...Object.entries(PRESENCE_COMMANDS),
  ...Object.entries(MISC_COMMANDS),
  ...Object.entries(NOTIFICATION_COMMANDS),
  ...Object.entries(OFFLINE_COMMANDS),
  ...Object.entries(EARLY_CIRCLE_COMMANDS),
]);
const LATE_SESSION_COMMANDS: ReadonlyMap<string, SessionCommand> = new Map(Object.entries(LATE_COMMANDS));

/** A connection to the notification server from its first line on; after sign-in it has a session. */
export class NsFront implements ConnectionHandler {
  readonly connection: ServerConnection;
  readonly hub: Hub;
  dialect: ServerDialect | undefined;
  /** The address of `USR .. I`, which the ticket must belong to. */
  claimed: string | undefined;
  /** What the SSO proof must be made of. */
  nonce: string | undefined;
  session: NsSession | undefined;

  constructor(connection: ServerConnection, hub: Hub) {
    this.connection = connection;
    this.hub = hub;
  }

  command(request: Request): void {
    const deferred = this.connection.takeDeferred();
    if (deferred?.kind === "redirect") {
      this.#redirect(request, deferred.to ?? { host: "", port: 0 });
      return;
    }
    const early = SIGN_IN_COMMANDS.get(request.name);
    if (early !== undefined) {
      early(this, request);
      return;
    }
    if (this.session === undefined || this.dialect === undefined) {
      // A keepalive before sign-in ends the connection; anything else is passed over (source: msnp-core §1.6).
      if (request.name === "PNG" && request.args.length === 0) this.connection.close();
      return;
    }
    this.#sessionCommand(this.session, this.dialect, request);
  }

  #sessionCommand(session: NsSession, dialect: ServerDialect, request: Request): void {
    if (dialect.closesOn.has(request.name)) {
      this.connection.close();
      return;
    }
    if (dialect.disabled.has(request.name)) {
      this.connection.send(502, request.args[0]);
      return;
    }
    const { quirks } = this.hub;
    if (request.payload?.length === 0 && quirks.losesEmptyPayloads) return;
    const handler = (dialect.multipart ? LATE_SESSION_COMMANDS : SESSION_COMMANDS).get(request.name);
    try {
      if (handler === undefined) throw new Error("no such command");
      handler(session, request);
    } catch (error) {
      if (quirks.unknownCommands === "error") this.connection.send(200, request.args[0]);
      throw error;
    }
  }

  #redirect(request: Request, to: { host: string; port: number }): void {
    const tail = this.dialect?.redirectTail(this.hub.nsAddress()) ?? [];
    this.connection.send("XFR", request.args[0], "NS", `${to.host}:${to.port}`, ...tail);
    this.connection.close();
  }

  closed(): void {
    this.session?.end();
  }
}
