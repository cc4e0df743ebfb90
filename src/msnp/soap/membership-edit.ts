import { type Email, NETWORK, type NetworkId } from "../address.ts";
import type { MemberRole } from "./membership.ts";
import type { SoapOperation } from "./service.ts";
import { type RawXml, xml } from "./xml.ts";

/**
 * Puts somebody on a list of the sharing service. Roles to write are `Allow`, `Block` and, after a request was answered,
 * `Reverse` (source: msnp-chat §5.3).
 */
export function addMember(role: MemberRole, email: Email, network: NetworkId): SoapOperation {
  return { operation: "AddMember", body: membership(role, member(email, network)) };
}

/** Takes somebody off a list; told apart by address, which every server knows. Not for `Reverse`. */
export function deleteMember(role: MemberRole, email: Email, network: NetworkId): SoapOperation {
  return { operation: "DeleteMember", body: membership(role, member(email, network)) };
}

function membership(role: MemberRole, member: RawXml): RawXml {
  return xml`<serviceHandle><Id>0</Id><Type>Messenger</Type><ForeignId></ForeignId></serviceHandle><memberships><Membership><MemberRole>${role}</MemberRole><Members>${member}</Members></Membership></memberships>`;
}

/** Type, state and address must fit together, else Escargot answers with `UserDoesNotExist` (source: msnp-chat §5.3). */
function member(email: Email, network: NetworkId): RawXml {
  const isEmail = network === NETWORK.yahoo;
  const type = isEmail ? "Email" : "Passport";
  const address = isEmail ? xml`<Email>${email}</Email>` : xml`<PassportName>${email}</PassportName>`;
  return xml`<Member xsi:type="${type}Member" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Type>${type}</Type><State>Accepted</State>${address}</Member>`;
}
