import { expect } from "vitest";
import { rpsProof } from "../../../src/msnp/auth/rps.ts";
import { type AccountSpec, MsnNetwork, type NetworkOptions, OFFICIAL_QUIRKS } from "../../../src/msnp/server/index.ts";
import { find, findAll, parseXml, path, textAt } from "../../../src/msnp/soap/xml.ts";
import { RawClient } from "./raw-client.ts";

export const GROUP = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
export const NO_OBJECT = "%3Cmsnobj%2F%3E";
export const EMPTY_UBX = "<Data><PSM></PSM><CurrentMedia></CurrentMedia></Data>".length;
export const HELLO =
  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Segoe%20UI; EF=B; CO=80ff; CS=0; PF=22\r\n\r\nHello, world";

export const ALICE = "11111111-1111-4111-8111-111111111111";
export const BOB = "22222222-2222-4222-8222-222222222222";
export const CAROL = "33333333-3333-4333-8333-333333333333";
export const ALICE_GUID = "0a0a0a0a-0000-4000-8000-00000000000a";
export const BOB_GUID = "0b0b0b0b-0000-4000-8000-00000000000b";
export const OTHER_GUID = "0c0c0c0c-0000-4000-8000-00000000000c";

/** The people of msnp-core §8: bob is alice's friend, carol has added alice and waits, dave knows nobody. */
const PEOPLE: readonly AccountSpec[] = [
  {
    email: "alice@example.com",
    password: "secret",
    displayName: "Alice A",
    id: ALICE,
    groups: [{ name: "Work Friends", id: GROUP }],
    contacts: [{ email: "bob@example.com", groups: ["Work Friends"] }],
  },
  {
    email: "bob@example.com",
    password: "hunter2",
    displayName: "Bob B",
    id: BOB,
    contacts: [{ email: "alice@example.com" }],
  },
  {
    email: "carol@example.com",
    password: "hunter3",
    displayName: "Carol",
    id: CAROL,
    contacts: [{ email: "alice@example.com" }],
  },
  { email: "dave@example.com", password: "hunter4", displayName: "Dave" },
];

/** A network with the four people, closed when the test is over. News go out at once unless the test wants it otherwise. */
export async function openNetwork(options: NetworkOptions = {}): Promise<MsnNetwork & AsyncDisposable> {
  const quirks = { presenceDelayMs: 0, ...options.quirks };
  const network = await MsnNetwork.start({ accounts: PEOPLE, options: { ...options, quirks } });
  return Object.assign(network, { [Symbol.asyncDispose]: () => network.close() });
}

/** As Microsoft's servers were, but for challenges. */
export function openOfficial(): Promise<MsnNetwork & AsyncDisposable> {
  return openNetwork({ quirks: { ...OFFICIAL_QUIRKS, challenges: false } });
}

export const PASSWORDS = new Map(PEOPLE.map(({ email, password }) => [email, password]));

export function emailOf(name: string): string {
  return `${name}@example.com`;
}

/** A ticket by way of the Nexus, as MSNP8-11 get it. */
export async function nexusTicket(network: MsnNetwork, email: string): Promise<string> {
  const nexus = await fetch(network.services.nexusUrl);
  const login = /DALogin=([^,]*)/.exec(nexus.headers.get("PassportURLs") ?? "")?.[1] ?? "";
  const user = `sign-in=${encodeURIComponent(email)},pwd=${encodeURIComponent(PASSWORDS.get(email) ?? "")}`;
  const answer = await fetch(login, {
    headers: { Authorization: `Passport1.4 OrgVerb=GET,OrgURL=http%3A%2F%2Fmessenger%2Emsn%2Ecom,${user},ct=1,id=1` },
  });
  return /from-PP='([^']*)'/.exec(answer.headers.get("Authentication-Info") ?? "")?.[1] ?? "";
}

export interface Token {
  readonly ticket: string;
  readonly secret: string | undefined;
}

export function tokenRequest(email: string, password: string, sites: readonly string[]): string {
  const asked = sites.map(
    (site) =>
      `<wst:RequestSecurityToken><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>${site}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo></wst:RequestSecurityToken>`,
  );
  return `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wsse="http://schemas.xmlsoap.org/ws/2003/06/secext" xmlns:wsp="http://schemas.xmlsoap.org/ws/2002/12/policy" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/03/addressing" xmlns:wst="http://schemas.xmlsoap.org/ws/2004/04/trust"><Header><wsse:Security><wsse:UsernameToken Id="user"><wsse:Username>${email}</wsse:Username><wsse:Password>${password}</wsse:Password></wsse:UsernameToken></wsse:Security></Header><Body>${asked.join("")}</Body></Envelope>`;
}

/** Security tokens by site, as MSNP12 and later get them. */
export async function securityTokens(network: MsnNetwork, email: string, url?: string): Promise<Map<string, Token>> {
  const sites = ["http://Passport.NET/tb", "messengerclear.live.com", "contacts.msn.com"];
  const answer = await fetch(url ?? network.services.rstUrl, {
    method: "POST",
    body: tokenRequest(email, PASSWORDS.get(email) ?? "", sites),
  });
  const root = parseXml(await answer.text());
  return new Map(
    findAll(root, "RequestSecurityTokenResponse").map((response) => [
      textAt(path(response, "AppliesTo", "EndpointReference"), "Address") ?? "",
      {
        ticket: find(response, "BinarySecurityToken")?.text ?? "",
        secret: find(response, "BinarySecret")?.text,
      },
    ]),
  );
}

/** Signs in with MSNP11 up to the profile; the name is that before the @. */
export async function enter11(network: MsnNetwork, name: string, dialect = "MSNP11"): Promise<RawClient> {
  const email = emailOf(name);
  const ticket = await nexusTicket(network, email);
  const client = await RawClient.open(network.ports.ns, name);
  client.say(`VER 1 ${dialect} CVR0`, `CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs ${email}`);
  await client.hears(`VER 1 ${dialect}`, "CVR 2 7.0.0816 7.0.0816 7.0.0816 <url> <url>");
  client.say(`USR 3 TWN I ${email}`);
  await client.hears("USR 3 TWN S <challenge>");
  client.say(`USR 4 TWN S ${ticket}`);
  await client.hears(`USR 4 OK ${email} 1 0`, "SBS 0 null", "MSG Hotmail Hotmail <length>");
  return client;
}

/** Signs in with MSNP11 and becomes visible; presence of contacts is still to be read. */
export async function online11(network: MsnNetwork, name: string, status = "NLN"): Promise<RawClient> {
  const client = await enter11(network, name);
  client.say(`CHG 5 ${status} 0`);
  await client.hears(`CHG 5 ${status} 0`);
  return client;
}

export interface Entered {
  readonly client: RawClient;
  /** For the TicketToken of web services. */
  readonly ticket: string;
}

/** Signs in with MSNP16-18 up to the empty UBX. */
export async function enter18(network: MsnNetwork, name: string, guid: string, dialect = "MSNP18"): Promise<Entered> {
  const email = emailOf(name);
  const token = (await securityTokens(network, email)).get("messengerclear.live.com");
  const client = await RawClient.open(network.ports.ns, name);
  client.say(`VER 1 ${dialect} CVR0`, `CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 14.0.8089.0726 msmsgs ${email}`);
  await client.hears(`VER 1 ${dialect}`, "CVR 2 14.0.8089.0726 14.0.8089.0726 14.0.8089.0726 <url> <url>");
  client.say(`USR 3 SSO I ${email}`);
  const [, challenge] = await client.hears("GCF 0 <length>", "USR 3 SSO S MBI_KEY_OLD <nonce>");
  const nonce = challenge?.line.split(" ").at(-1) ?? "";
  const { response } = rpsProof(token?.secret ?? "", nonce);
  client.say(`USR 4 SSO S ${token?.ticket} ${response} {${guid.toUpperCase()}}`);
  const self = dialect === "MSNP18" ? `UBX 1:${email} 0` : `UBX ${email} 1 0`;
  await client.hears(`USR 4 OK ${email} 1 0`, "SBS 0 null", "MSG Hotmail Hotmail <length>", self);
  return { client, ticket: token?.ticket ?? "" };
}

/** Signs in with MSNP18 and becomes visible; presence of contacts is still to be read. */
export async function online18(network: MsnNetwork, name: string, guid: string): Promise<Entered> {
  const entered = await enter18(network, name, guid);
  entered.client.say("CHG 5 NLN 2788999228:48");
  await entered.client.hears("CHG 5 NLN 2788999228:48");
  return entered;
}

/** Calls an operation of a list service and gives what is in the envelope's body, or the status of a bare failure. */
export async function callService(
  url: string,
  ticket: string,
  operation: string,
  body = "<all/>",
): Promise<{ status: number; root: ReturnType<typeof parseXml> | undefined }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { SOAPAction: `"http://www.msn.com/webservices/AddressBook/${operation}"` },
    body: `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><ABAuthHeader xmlns="http://www.msn.com/webservices/AddressBook"><TicketToken>${ticket.replaceAll("&", "&amp;")}</TicketToken></ABAuthHeader></soap:Header><soap:Body><${operation} xmlns="http://www.msn.com/webservices/AddressBook">${body}</${operation}></soap:Body></soap:Envelope>`,
  });
  const text = await answer.text();
  return { status: answer.status, root: text === "" ? undefined : parseXml(text) };
}

export async function untilLine(client: RawClient, start: string): Promise<string> {
  for (;;) {
    const { line } = await client.next();
    if (line.startsWith(start)) return line;
  }
}

/** A new board for a client that is online, up to `USR OK`. */
export async function openBoard(network: MsnNetwork, ns: RawClient, who: string, name: string): Promise<RawClient> {
  ns.say("XFR 90 SB");
  const cookie = (await untilLine(ns, "XFR 90 SB")).split(" ")[5];
  const board = await RawClient.open(network.ports.sb, `${who} on the board`);
  board.say(`USR 1 ${who} ${cookie}`);
  await board.hears(`USR 1 OK ${who} ${name}`);
  return board;
}

/** What a ring says, and a connection to where it leads. */
export async function answerRing(
  network: MsnNetwork,
  ns: RawClient,
  who: string,
): Promise<{ board: RawClient; id: string }> {
  const [, id = "", address, , cookie] = (await untilLine(ns, "RNG")).split(" ");
  expect(address).toBe(`127.0.0.1:${network.ports.sb}`);
  const board = await RawClient.open(network.ports.sb, `${who} on the board`);
  board.say(`ANS 1 ${who} ${cookie} ${id}`);
  return { board, id };
}

/** alice and bob online with MSNP11, everything read. */
export async function friends(network: MsnNetwork): Promise<{ alice: RawClient; bob: RawClient }> {
  const alice = await online11(network, "alice");
  await alice.hears("MSG Hotmail Hotmail <length>");
  const bob = await online11(network, "bob");
  await bob.hears(
    `ILN 5 NLN alice@example.com Alice%20A 0 ${NO_OBJECT}`,
    `UBX alice@example.com ${EMPTY_UBX}`,
    "MSG Hotmail Hotmail <length>",
  );
  await alice.hears(`NLN NLN bob@example.com Bob%20B 0 ${NO_OBJECT}`);
  return { alice, bob };
}
