import { MsnClient, type MsnClientOptions, parseEmail, parseMachineGuid } from "../../../../src/msnp/index.ts";
import { type BookCommand, bookStep, readBook } from "../../../fixtures/msnp21/book.ts";
import { type Script, ScriptedServer } from "../scripted-server.ts";

export const ALICE = parseEmail("alice@example.com");
export const BOB = parseEmail("bob@example.com");
export const CAROL = parseEmail("carol@example.org");
export const CIRCLE = "9:00000000-0000-0000-0009-0123456789ab@live.com";
export const GROUP = "10:5f0c1a2b-0011-0022-1234-56789abc0000@live.com";
export const TICKET =
  '<?xml version="1.0" encoding="utf-16"?><SignedTicket ver="1" keyVer="1"><Data>ZGF0YQ==</Data></SignedTicket>';

const NOTHING: BookCommand = { step: "", from: "server", line: "", payload: undefined };

/** The command of a step: the n-th of that side. */
export function command(step: string, from: "client" | "server", nth = 0): BookCommand {
  return bookStep(step).filter((one) => one.from === from)[nth] ?? NOTHING;
}

/** The n-th command of a section of the samples. */
export function sample(section: string, from: "client" | "server", nth = 0): BookCommand {
  return readBook("samples").filter((one) => one.step === section && one.from === from)[nth] ?? NOTHING;
}

/** Bytes of a line with its payload. */
export function bytesOf({ line, payload }: BookCommand): string {
  return `${line}\r\n${payload?.toString("utf8") ?? ""}`;
}

/** The same as an answer, whatever trid the question had. */
export function answer(step: string, nth = 0): string {
  const one = command(step, "server", nth);
  return bytesOf({ ...one, line: one.line.replace(/^(\w{3}) \d+/, "$1 $") });
}

/** What a scripted server writes down of a command, without its trid: as the book prints it. */
export function asHeard({ line, payload }: BookCommand): string {
  const words = line.split(" ");
  const hasTrid = /^\d+$/.test(words[1] ?? "") && !["PNG", "OUT"].includes(words[0] ?? "");
  return `${hasTrid ? [words[0], ...words.slice(2)].join(" ") : line}${payload === undefined ? "" : `|${payload}`}`;
}

/** Everything heard, without trids. */
export function heard(server: ScriptedServer): string[] {
  return server.heard.map((line) => line.replace(/^(\w{3}) \d+/, "$1"));
}

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const EXPIRES = "<LifeTime><Expires>2099-01-01T00:00:00Z</Expires></LifeTime>";
const token = (site: string, secret = ""): string =>
  `<RequestSecurityTokenResponse><AppliesTo><EndpointReference><Address>${site}</Address></EndpointReference></AppliesTo>${EXPIRES}<RequestedSecurityToken><BinarySecurityToken>t=EwExampleTicket&amp;p=</BinarySecurityToken></RequestedSecurityToken>${secret}</RequestSecurityTokenResponse>`;
export const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const member = (email: string): string => `<Member><Type>Passport</Type><PassportName>${email}</PassportName></Member>`;
const contact = (email: string): string =>
  `<Contact><contactId>${email}</contactId><contactInfo><contactType>Regular</contactType><passportName>${email}</passportName><isMessengerUser>true</isMessengerUser></contactInfo></Contact>`;

const rst = (sites: readonly string[]): string =>
  `<RequestSecurityTokenResponseCollection>${token("messengerclear.live.com", `<RequestedProofToken><BinarySecret>${SECRET}</BinarySecret></RequestedProofToken>`)}${sites.map((site) => token(site)).join("")}</RequestSecurityTokenResponseCollection>`;
const MEMBERSHIP = `<FindMembershipResponse><FindMembershipResult><Services><Service><Memberships><Membership><MemberRole>Allow</MemberRole><Members>${member(BOB)}${member(CAROL)}</Members></Membership><Membership><MemberRole>Block</MemberRole><Members>${member(CAROL)}</Members></Membership></Memberships><Info><Handle><Type>Messenger</Type></Handle></Info></Service></Services></FindMembershipResult></FindMembershipResponse>`;
const BOOK = `<ABFindAllResponse><ABFindAllResult><contacts><Contact><contactId>1</contactId><contactInfo><contactType>Me</contactType><passportName>${ALICE}</passportName><displayName>Alice</displayName></contactInfo></Contact>${contact(BOB)}${contact(CAROL)}</contacts></ABFindAllResult></ABFindAllResponse>`;
const CIRCLES = `<ABFindContactsPagedResponse><ABFindContactsPagedResult><CircleResult><Circles><CircleInverseInfo><Content><Handle><Id>00000000-0000-0000-0009-0123456789ab</Id></Handle><Info><DisplayName>Book club</DisplayName></Info></Content><PersonalInfo><MembershipInfo><CirclePersonalMembership><Role>Admin</Role><State>Accepted</State></CirclePersonalMembership></MembershipInfo></PersonalInfo></CircleInverseInfo></Circles><CircleTicket>${TICKET.replaceAll("<", "&lt;")}</CircleTicket></CircleResult></ABFindContactsPagedResult></ABFindContactsPagedResponse>`;

const BOOKS: Readonly<Record<string, string>> = {
  FindMembership: MEMBERSHIP,
  ABFindAll: BOOK,
  ABFindContactsPaged: CIRCLES,
};
/** What an edit is answered with. */
const DONE = (operation: string): string =>
  `<${operation}Response><${operation}Result><guid>0a0a0a0a-0000-4000-8000-00000000000a</guid></${operation}Result></${operation}Response>`;

/** The login server and the address book, with tickets for some more sites. */
export function webServices(...sites: readonly string[]): typeof fetch {
  return (input, init) => {
    const path = new URL(String(input)).pathname;
    const action = new Headers(init?.headers).get("SOAPAction") ?? "";
    const operation = /\/(\w+)"?$/.exec(action)?.[1] ?? "";
    const body =
      path === "/rst" ? rst(["contacts.msn.com", ...sites]) : operation in BOOKS ? BOOKS[operation] : DONE(operation);
    return Promise.resolve(new Response(`<s:Envelope xmlns:s="${SOAP}"><s:Body>${body}</s:Body></s:Envelope>`));
  };
}

/** The server's side of the transcript; TrIDs are the client's. */
export const TRANSCRIPT: Script = {
  VER: answer("T1", 0),
  CVR: answer("T1", 1),
  USR: [
    `${bytesOf(command("T1", "server", 2))}${answer("T1", 3)}`,
    `${answer("T2")}${bytesOf(command("T3", "server", 0))}${bytesOf(command("T4", "server"))}${bytesOf(command("T5", "server"))}`,
    answer("T7"),
  ],
  QRY: answer("T3", 1),
  ADL: "ADL $ OK\r\n",
  RML: "RML $ OK\r\n",
  PNG: bytesOf(command("T6", "server")),
  PUT: [answer("T11"), answer("T25"), "PUT $ OK 0\r\n"],
  DEL: answer("T36"),
};

/** Alice of the book, not signed in, and the server she will talk to. */
export async function bookClient(
  changes: Script = {},
  options: { pieces?: number } & Partial<MsnClientOptions> = {},
): Promise<{ client: MsnClient; server: ScriptedServer; close: () => Promise<void> }> {
  const { pieces, ...more } = options;
  const server = await ScriptedServer.start({ ...TRANSCRIPT, ...changes }, pieces === undefined ? {} : { pieces });
  const client = new MsnClient({
    services: {
      ns: server.address,
      nexusUrl: "http://web.test/nexus",
      rstUrl: "http://web.test/rst",
      addressBookUrl: "http://web.test/ab",
      sharingUrl: "http://web.test/sharing",
    },
    dialects: ["MSNP21"],
    email: ALICE,
    password: () => "secret",
    machineGuid: parseMachineGuid("{A1A1A1A1-1111-4111-8111-AAAAAAAAAAAA}"),
    initialPresence: "NLN",
    personalMessage: { text: "at work" },
    endpointName: "ALICE-PC",
    fetch: webServices(),
    timeouts: { request: 3000, refresh: 10, ack: 3000 },
    ...more,
  });
  return {
    client,
    server,
    async close() {
      await client.signOut();
      await server.close();
    },
  };
}
