import { expect } from "vitest";
import { rpsProof } from "../../../src/msnp/auth/rps.ts";
import { encodeMultipart } from "../../../src/msnp/message/multipart.ts";
import { type AccountSpec, MsnNetwork, type NetworkOptions } from "../../../src/msnp/server/index.ts";
import { find, findAll, parseXml, path, textAt } from "../../../src/msnp/soap/xml.ts";
import { type BookCommand, readBook } from "../../fixtures/msnp21/book.ts";
import { RawClient, type Received } from "./raw-client.ts";
import { PASSWORDS, tokenRequest } from "./scene.ts";

/** The people and endpoints of the transcript (source: msnp21 §11). */
export const A1 = "a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa";
export const A2 = "a2a2a2a2-2222-4222-8222-aaaaaaaaaaaa";
export const B0 = "b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb";
export const B1 = "b1b1b1b1-3333-4333-8333-bbbbbbbbbbbb";
export const C0 = "c0c0c0c0-4444-4444-8444-cccccccccccc";
export const ALICE = "alice@example.com";
export const BOB = "bob@example.com";
export const CAROL = "carol@example.org";
export const DAVE = "dave@example.com";
/** The circle and the group as the book calls them; both are as long as those a server makes up. */
export const BOOK_CIRCLE = "00000000-0000-0000-0009-0123456789ab";
export const BOOK_GROUP = "5f0c1a2b-0011-0022-1234-56789abc0000";
export const CAPABILITIES = "2952823072:2558662528";

/** As in the scene of older versions, so that its clients can sign in here, too. */
const passwordOf = (email: string): string => PASSWORDS.get(email) ?? "secret";
const person = (email: string, displayName: string, id: string, ...contacts: string[]): AccountSpec => ({
  email,
  password: passwordOf(email),
  displayName,
  id,
  contacts: contacts.map((contact) => ({ email: contact })),
});

export const IDS = {
  alice: "11111111-1111-4111-8111-111111111111",
  bob: "22222222-2222-4222-8222-222222222222",
  carol: "33333333-3333-4333-8333-333333333333",
  dave: "44444444-4444-4444-8444-444444444444",
} as const;

/** alice knows bob and carol, who know her and each other; dave knows nobody. */
const PEOPLE: readonly AccountSpec[] = [
  person(ALICE, "Alice", IDS.alice, BOB, CAROL),
  person(BOB, "Bob", IDS.bob, ALICE, CAROL),
  person(CAROL, "Carol", IDS.carol, ALICE, BOB),
  person(DAVE, "Dave", IDS.dave),
];

export type LateNetwork = MsnNetwork & AsyncDisposable;

export async function openLateNetwork(options: NetworkOptions = {}): Promise<LateNetwork> {
  const quirks = { presenceDelayMs: 0, ...options.quirks };
  const network = await MsnNetwork.start({ accounts: PEOPLE, options: { ...options, quirks } });
  return Object.assign(network, { [Symbol.asyncDispose]: () => network.close() });
}

/** A client at the network, with the ticket for web services. */
export interface LateClient {
  readonly client: RawClient;
  readonly ticket: string;
  readonly email: string;
  readonly epid: string;
  /** What came behind `USR .. OK`. */
  readonly welcome: readonly Received[];
}

/** The ticket of an account and the key of its proof. */
export async function lateTicket(network: MsnNetwork, email: string): Promise<{ ticket: string; secret: string }> {
  const sites = ["http://Passport.NET/tb", "messengerclear.live.com"];
  const answer = await fetch(network.services.rstUrl, {
    method: "POST",
    body: tokenRequest(email, passwordOf(email), sites),
  });
  const tokens = findAll(parseXml(await answer.text()), "RequestSecurityTokenResponse");
  const token = tokens.find(
    (one) => textAt(path(one, "AppliesTo", "EndpointReference"), "Address") === "messengerclear.live.com",
  );
  return {
    ticket: find(token, "BinarySecurityToken")?.text ?? "",
    secret: find(token, "BinarySecret")?.text ?? "",
  };
}

/** Signs in with MSNP21 as the transcript does: three lines at once, then the ticket (T1, T2). */
export async function enter21(network: MsnNetwork, email: string, epid: string): Promise<LateClient> {
  const { ticket, secret } = await lateTicket(network, email);
  const client = await RawClient.open(network.ports.ns, `${email} ${epid.slice(0, 2)}`);
  client.say(
    "VER 1 MSNP21 CVR0",
    `CVR 2 0x0409 winnt 6.1.0 i386 EXAMPLE 1.0.0000 MSNMSGR ${email} 0`,
    `USR 3 SSO I ${email}`,
  );
  const [, , , challenge] = await client.hears(
    "VER 1 MSNP21",
    "CVR 2 1.0.0000 1.0.0000 1.0.0000 <url> <url>",
    "GCF 0 <length>",
    "USR 3 SSO S MBI_KEY_OLD <nonce>",
  );
  const nonce = challenge?.line.split(" ").at(-1) ?? "";
  expect(nonce).toHaveLength(64);
  client.say(`USR 4 SSO S ${ticket} ${rpsProof(secret, nonce).response} {${epid}}`);
  const welcome = await client.hears(
    `USR 4 OK ${email} 1 0`,
    "CHL 0 <digits>",
    "MSG Hotmail Hotmail <length>",
    "NFY PUT <length>",
  );
  return { client, ticket, email, epid, welcome: welcome.slice(1) };
}

type Publication = { status?: string; name?: string; psm?: string; device?: string; capabilities?: string };

/** `<user>` as clients publish it, with what is named. */
export function userDocument({ status, name, psm, device, capabilities = CAPABILITIES }: Publication): string {
  const im = status === undefined ? "" : `<s n="IM"><Status>${status}</Status><CurrentMedia></CurrentMedia></s>`;
  const text = (tag: string, value: string | undefined): string =>
    value === undefined ? "" : `<${tag}>${value}</${tag}>`;
  const pe =
    name === undefined && psm === undefined ? "" : `<s n="PE">${text("FriendlyName", name)}${text("PSM", psm)}</s>`;
  const pd =
    device === undefined
      ? ""
      : `<sep n="PD"><ClientType>1</ClientType><EpName>${device}</EpName><Idle>false</Idle><State>${status}</State></sep>`;
  return `<user>${im}${pe}<sep n="IM"><Capabilities>${capabilities}</Capabilities></sep>${pd}</user>`;
}

/** The payload of a PUT or DEL. */
export function publication(
  { email, epid }: Pick<LateClient, "email" | "epid">,
  to: string,
  uri: string,
  contentType: string,
  body: string,
): Buffer {
  return encodeMultipart({
    routing: [
      ["Routing", "1.0"],
      ["To", to],
      ["From", `1:${email};epid={${epid}}`],
    ],
    reliability: [["Reliability", "1.0"]],
    content: [
      ["Publication", "1.0"],
      ["Uri", uri],
      ["Content-Type", contentType],
    ],
    body: Buffer.from(body),
  });
}

export function publish(late: LateClient, trid: number, document: string): void {
  late.client.sayPayload(
    `PUT ${trid}`,
    publication(late, `1:${late.email}`, "/user", "application/user+xml", document),
  );
}

/** The payload of a message from a client. */
export function message(
  { email, epid }: Pick<LateClient, "email" | "epid">,
  to: string,
  type: string,
  text: string,
  channel?: string,
): Buffer {
  return encodeMultipart({
    routing: [
      ["Routing", "1.0"],
      ["To", to],
      ["From", `1:${email};epid={${epid}}`],
      ...(channel === undefined ? [] : [["Service-Channel", channel] as const]),
    ],
    reliability: [["Reliability", "1.0"]],
    content: [
      ["Messaging", "2.0"],
      ["Message-Type", type],
      ["Content-Type", "text/plain; charset=UTF-8"],
    ],
    body: Buffer.from(text),
  });
}

/** Signs in and becomes visible; presence of contacts is still to be read. */
export async function online21(
  network: MsnNetwork,
  email: string,
  epid: string,
  look: Publication = {},
): Promise<LateClient> {
  const late = await enter21(network, email, epid);
  const name = email.slice(0, 1).toUpperCase() + email.slice(1, email.indexOf("@"));
  publish(late, 5, userDocument({ status: "NLN", name, psm: "", ...look }));
  await late.client.hears("PUT 5 OK <length>");
  return late;
}

/** Whatever came so far has been read, and nothing else did. */
export async function isQuiet(...clients: readonly LateClient[]): Promise<void> {
  for (const { client } of clients) {
    client.say("PNG");
    await client.hears("QNG 50");
  }
}

/** Reads up to what was caused by now, whatever it is. */
export async function catchUp(...clients: readonly LateClient[]): Promise<Received[][]> {
  const all: Received[][] = [];
  for (const { client } of clients) {
    client.say("PNG");
    const heard: Received[] = [];
    for (let received = await client.next(); received.line !== "QNG 50"; received = await client.next()) {
      heard.push(received);
    }
    all.push(heard);
  }
  return all;
}

/** The names a server makes up, by the name the book has for them. */
export type Names = Readonly<Record<string, string>>;

const TRANSCRIPT = readBook("transcript");

function renamed(text: string, names: Names): string {
  let result = text;
  for (const [from, to] of Object.entries(names)) result = result.replaceAll(from, to);
  return result;
}

/** Numbers of notifications mean nothing to clients (source: msnp21 §3.3). */
function uncounted(text: string): string {
  return text.replace(/NotifNum: \d/, "NotifNum: #");
}

export function printed(step: string, from: BookCommand["from"]): BookCommand[] {
  const found = TRANSCRIPT.filter((command) => command.step === step && command.from === from);
  if (found.length === 0) throw new Error(`the book has nothing from the ${from} at ${step}`);
  return found;
}

/** Says what the client says at a step of the transcript, byte by byte. */
export function saysStep({ client }: LateClient, step: string, names: Names = {}, ...only: readonly number[]): void {
  for (const [index, { line, payload }] of printed(step, "client").entries()) {
    if (only.length > 0 && !only.includes(index)) continue;
    const text = payload === undefined ? "" : renamed(payload.toString(), names);
    client.bytes(Buffer.from(`${renamed(line, names)}\r\n${text}`));
  }
}

/** The next lines and payloads must be what the server says at a step of the transcript, byte by byte. */
export async function hearsStep(
  { client }: LateClient,
  step: string,
  names: Names = {},
  ...only: readonly number[]
): Promise<void> {
  for (const [index, { line, payload }] of printed(step, "server").entries()) {
    if (only.length > 0 && !only.includes(index)) continue;
    const received = await client.next();
    const expected = payload === undefined ? undefined : uncounted(renamed(payload.toString(), names));
    expect({
      line: received.line,
      payload: received.payload === undefined || received.payload === "" ? undefined : uncounted(received.payload),
    }).toEqual({ line: renamed(line, names), payload: expected });
  }
}
