import { type Address, parseAddress } from "../address.ts";
import { type Command, decodeArg } from "../wire/command.ts";

/** What a notification between clients is about, by its number on the wire (source: msnp-core §7.9, msnp-chat §1.11). */
export const USER_NOTIFICATION = {
  xml: 1,
  sip: 2,
  p2p: 3,
  signOut: 4,
  closedChat: 5,
  resync: 6,
  clearRequests: 7,
  signOutEverywhere: 8,
  turn: 10,
  sipProgress: 11,
  sipTunnel: 12,
} as const;

export type UserNotificationKind = keyof typeof USER_NOTIFICATION | "unknown";

/** Something that another client sends outside of chats: `UBN from type length`. */
export interface UserNotification {
  /** With the endpoint, when the one it is meant for was named by theirs. */
  readonly from: Address;
  readonly kind: UserNotificationKind;
  /** The number on the wire, whatever it means. */
  readonly type: number;
  readonly data: Buffer;
}

const KINDS: ReadonlyMap<number, UserNotificationKind> = new Map(
  Object.entries(USER_NOTIFICATION).map(([kind, type]) => [type, kind as UserNotificationKind]),
);

/** Reads a UBN; undefined when it does not say who it is from, as those of telephones. */
export function readUserNotification({ args, payload = Buffer.alloc(0) }: Command): UserNotification | undefined {
  const [sender = "", ...rest] = args;
  const from = parseAddress(decodeArg(sender));
  // Some servers put a network id behind the address.
  const type = Number(rest.at(-2));
  if (from === undefined || !Number.isInteger(type)) return undefined;
  return { from, kind: KINDS.get(type) ?? "unknown", type, data: payload };
}
