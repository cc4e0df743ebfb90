import { type Email, NETWORK, type NetworkId, toEmail } from "../address.ts";
import { findAll, path, textAt, type XmlElement, xml } from "./xml.ts";

export type MemberRole = "Allow" | "Block" | "Reverse" | "Pending";

/** Somebody on one of the lists that the sharing service keeps. */
export interface Member {
  readonly role: MemberRole;
  readonly email: Email;
  readonly network: NetworkId;
  readonly displayName?: string;
}

const ROLES: ReadonlySet<string> = new Set(["Allow", "Block", "Reverse", "Pending"]);

export const FIND_MEMBERSHIP = xml`<serviceFilter><Types><ServiceType>Messenger</ServiceType></Types></serviceFilter>`;

/** Reads FindMembershipResponse; phones, circles and deleted members are left out (source: msnp-chat §5.3). */
export function parseMembership(response: XmlElement): Member[] {
  const members: Member[] = [];
  for (const service of findAll(response, "Service")) {
    const type = textAt(service, "Info", "Handle", "Type");
    if (type !== undefined && type !== "Messenger") continue;
    for (const membership of findAll(path(service, "Memberships"), "Membership")) {
      const role = textAt(membership, "MemberRole") ?? "";
      if (!isRole(role)) continue;
      for (const element of findAll(membership, "Member")) {
        const member = parseMember(role, element);
        if (member !== undefined) members.push(member);
      }
    }
  }
  return members;
}

function isRole(role: string): role is MemberRole {
  return ROLES.has(role);
}

function parseMember(role: MemberRole, element: XmlElement): Member | undefined {
  if (textAt(element, "Deleted") === "true") return undefined;
  const passport = toEmail(textAt(element, "PassportName") ?? "");
  const email = passport ?? toEmail(textAt(element, "Email") ?? "");
  if (email === undefined) return undefined;
  const displayName = textAt(element, "DisplayName");
  return {
    role,
    email,
    network: passport === undefined ? NETWORK.yahoo : NETWORK.messenger,
    ...(displayName !== undefined && displayName !== "" && { displayName }),
  };
}
