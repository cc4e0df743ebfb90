import type { AccountRecord, ContactAddress } from "../model.ts";
import type { CommandContext } from "./registry.ts";

/** Who asks, with which accounts, and in which room. */
export type Asker = Pick<CommandContext<unknown>, "resident" | "accounts" | "room" | "noted">;

/**
 * What commands do with groups and portals. All resolve with the answer for the person. Where a group or a chat may be left
 * out, the one of the room in which it is said is meant; others are named by their number in `portals`, by name, or by what
 * their key begins with. @throws BridgeError: `bad-input` for what names nothing, or several; `group-refused` with who could.
 */
export interface GroupDesk {
  portals(asker: Asker, filter: string | undefined): Promise<string>;
  /** Ties a room of the asker's home to a group. */
  bridge(asker: Asker, group: string, room: string | undefined): Promise<string>;
  /** `what`: a group or a room. */
  unbridge(asker: Asker, what: string | undefined): Promise<string>;
  /** Goes on where a room had stopped. */
  resume(asker: Asker, what: string | undefined): Promise<string>;
  /** Without the right `code` it only says what would go, and the code. */
  deletePortal(asker: Asker, what: string | undefined, code: string | undefined): Promise<string>;
  relays(asker: Asker): Promise<string>;
  setRelay(asker: Asker, group: string | undefined, account: ContactAddress | undefined): Promise<string>;
  setRelayPrefix(asker: Asker, group: string | undefined, prefix: boolean): Promise<string>;
  unsetRelay(asker: Asker, group: string | undefined): Promise<string>;
  /** Begins a conversation with several contacts, and opens its room. */
  start(asker: Asker, account: AccountRecord, members: readonly ContactAddress[]): Promise<string>;
  invite(asker: Asker, contact: ContactAddress, group: string | undefined): Promise<string>;
  leave(asker: Asker, group: string | undefined): Promise<string>;
  /** `who`: a contact's address, or a chat. */
  nudge(asker: Asker, who: string | undefined): Promise<string>;
  circles(asker: Asker): Promise<string>;
  createCircle(account: AccountRecord, name: string): Promise<string>;
  /** `circle` may be left out when one invitation waits. */
  answerCircle(asker: Asker, circle: string | undefined, accept: boolean): Promise<string>;
  renameCircle(asker: Asker, circle: string | undefined, name: string): Promise<string>;
  removeFromCircle(asker: Asker, circle: string | undefined, contact: ContactAddress): Promise<string>;
  setCircleRole(
    asker: Asker,
    circle: string | undefined,
    contact: ContactAddress,
    role: "admin" | "member",
  ): Promise<string>;
}
