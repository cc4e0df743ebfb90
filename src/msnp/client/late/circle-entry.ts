import type { MachineGuid } from "../../address.ts";
import { ADDRESS_TYPE } from "../../message/multipart-address.ts";
import type { CircleEntry, CircleMember } from "../../soap/circles.ts";
import { xml } from "../../soap/xml.ts";
import type { Live } from "../core.ts";
import type { ConversationRole, MsnCircle } from "../types.ts";

/** Proves which circles may be used; nothing without a ticket (source: msnp-core §3.9, T7). */
export async function claim(live: Live, ticket: string): Promise<void> {
  if (ticket === "") return;
  await live.ns.request("USR", ["SHA", "A", Buffer.from(ticket).toString("base64")]);
}

/** How the client calls a circle: by its address. */
export function idOf(account: string): string {
  return `${ADDRESS_TYPE.circle}:${account}`;
}

/** ADL or RML of one circle; leaving keeps the older form (source: msnp-chat §6.2, msnp21 §5.3, T10). */
export function subscription(circle: MachineGuid, form: "services" | "masks"): string {
  if (form === "masks") return xml`<ml l="1"><d n="live.com"><c n="${circle}" l="3" t="9"/></d></ml>`.source;
  return xml`<ml l="1"><d n="live.com"><c n="${circle}" t="9"><s l="3" n="IM"/><s l="3" n="PE"/></c></d></ml>`.source;
}

/** What somebody may do in a circle. */
export function roleFor(role: CircleEntry["role"], state: CircleEntry["state"]): ConversationRole {
  if (state === "invited" || role === "invited") return "pending";
  return role === "admin" || role === "assistant" ? "admin" : "member";
}

/** A circle as others see it. */
export function shown(
  id: string,
  { state, role, inviter, invitation, name }: CircleEntry,
  chatName?: string,
): MsnCircle {
  return {
    id,
    name: chatName ?? name,
    role: roleFor(role, state),
    state: state === "invited" ? "invited" : "accepted",
    ...(inviter !== undefined && { inviter }),
    ...(invitation !== undefined && { invitation }),
  };
}

/** The circle that the server says has changed; undefined when it names none (source: msnp21 §5.2). */
export function circleOfNotice(payload: Buffer | undefined): string | undefined {
  const guid = /CircleId(?:>|&gt;)\s*([0-9a-f-]{36})/i.exec(payload?.toString("utf8") ?? "")?.[1];
  return guid === undefined ? undefined : idOf(`${guid.toLowerCase()}@live.com`);
}

/** Whether two readings of an address book say the same. */
export function isSameRoster(a: readonly CircleMember[] | undefined, b: readonly CircleMember[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
