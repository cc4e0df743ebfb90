import { type MachineGuid, parseMachineGuid } from "../address.ts";

/** Types of addresses that matter here; others are passed through as numbers (source: msnp21 §3.2). */
export const ADDRESS_TYPE = { live: 1, phone: 4, circle: 9, group: 10, connect: 13, remote: 14, yahoo: 32 } as const;

/** `type:account;epid={guid};path=IM;via=type:account` (source: msnp21 §3.2). */
export interface MultipartAddress {
  readonly type: number;
  /** Lower-case where accounts do not differ by case: people, circles and groups. May hold colons (`tel:+1...`). */
  readonly account: string;
  readonly epid?: MachineGuid;
  /** `IM` or `PE`; others are kept. */
  readonly path?: string;
  readonly via?: { readonly type: number; readonly account: string };
}

/** Longest address with its parameters, in characters. */
const MAX_ADDRESS = 512;
/** The member that stands for "a group that is still to be made" (source: msnp21 §5.4). */
export const NEW_GROUP = "00000000-0000-0000-0000-000000000000@live.com";

/** Reads an address; undefined for text that is none. Unknown parameters are passed over. */
export function parseMultipartAddress(text: string): MultipartAddress | undefined {
  if (text.length > MAX_ADDRESS) return undefined;
  const [head = "", ...parameters] = text.trim().split(";");
  const target = parseTarget(head);
  if (target === undefined) return undefined;
  const address: { -readonly [Key in keyof MultipartAddress]: MultipartAddress[Key] } = target;
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    const value = parameter.slice(equals + 1).trim();
    switch (parameter.slice(0, Math.max(equals, 0)).trim().toLowerCase()) {
      case "epid": {
        const epid = toGuid(value);
        if (epid !== undefined) address.epid = epid;
        break;
      }
      case "path":
        address.path = value;
        break;
      case "via": {
        const via = parseTarget(value);
        if (via !== undefined) address.via = via;
        break;
      }
    }
  }
  return address;
}

function parseTarget(text: string): { type: number; account: string } | undefined {
  const match = /^\s*(\d{1,5}):([^\s;]+)\s*$/.exec(text);
  const [, digits, account] = match ?? [];
  if (digits === undefined || account === undefined) return undefined;
  const type = Number(digits);
  const isAnyCase = type === ADDRESS_TYPE.live || type === ADDRESS_TYPE.circle || type === ADDRESS_TYPE.group;
  return { type, account: isAnyCase ? account.toLowerCase() : account };
}

function toGuid(text: string): MachineGuid | undefined {
  try {
    return parseMachineGuid(text);
  } catch {
    return undefined;
  }
}

/** The text of an address. */
export function formatMultipartAddress({ type, account, epid, path, via }: MultipartAddress): string {
  let text = `${type}:${account}`;
  if (epid !== undefined) text += `;epid={${epid}}`;
  if (path !== undefined) text += `;path=${path}`;
  if (via !== undefined) text += `;via=${via.type}:${via.account}`;
  return text;
}

/** The GUID of a circle or group address (`guid@live.com`); undefined for others. */
export function guidOfAddress({ type, account }: MultipartAddress): MachineGuid | undefined {
  if (type !== ADDRESS_TYPE.circle && type !== ADDRESS_TYPE.group) return undefined;
  return account.endsWith("@live.com") ? toGuid(account.slice(0, -"@live.com".length)) : undefined;
}

/** The person or group a URI names: `/circle/roster(IM)/user(1:bob@example.com)` (source: msnp21 §3.3, §5.3). */
export function rosterUri(member: MultipartAddress): string {
  return `/circle/roster(IM)/user(${member.type}:${member.account})`;
}

/** The member of a roster URI, or undefined when the URI is another one. */
export function parseRosterUri(uri: string): MultipartAddress | undefined {
  const inside = /^\/circle\/roster\(IM\)\/user\(([^()]*)\)$/i.exec(uri.trim())?.[1];
  return inside === undefined ? undefined : parseMultipartAddress(inside);
}
