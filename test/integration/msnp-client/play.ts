import { dialectOf } from "../../../src/msnp/dialect/index.ts";
import { MsnClient, type MsnClientOptions, parseMachineGuid } from "../../../src/msnp/index.ts";
import { ALICE, type RecordedName, SCRIPTS } from "./recorded.ts";
import { type Script, ScriptedServer } from "./scripted-server.ts";
import { next } from "./stage.ts";

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const EXPIRES = "<LifeTime><Expires>2099-01-01T00:00:00Z</Expires></LifeTime>";
const RST_TOKEN = (site: string, secret: string) =>
  `<RequestSecurityTokenResponse><AppliesTo><EndpointReference><Address>${site}</Address></EndpointReference></AppliesTo>${EXPIRES}<RequestedSecurityToken><BinarySecurityToken>t=e57144a3bf0d16f05638&amp;p=</BinarySecurityToken></RequestedSecurityToken>${secret}</RequestSecurityTokenResponse>`;
const SECRET =
  "<RequestedProofToken><BinarySecret>AAECAwQFBgcICQoLDA0ODxAREhMUFRYX</BinarySecret></RequestedProofToken>";

const WEB: Readonly<Record<string, () => Response>> = {
  "/nexus": () => new Response("", { headers: { Passporturls: "DALogin=http://web.test/login" } }),
  "/login": () =>
    new Response("", {
      headers: { "Authentication-Info": "Passport1.4 da-status=success,from-PP='4f0051f71b39803aaef8'" },
    }),
  "/rst": () =>
    new Response(
      `<S:Envelope xmlns:S="${SOAP}"><S:Body><RequestSecurityTokenResponseCollection>${RST_TOKEN("messengerclear.live.com", SECRET)}${RST_TOKEN("messenger.msn.com", "")}${RST_TOKEN("contacts.msn.com", "")}</RequestSecurityTokenResponseCollection></S:Body></S:Envelope>`,
    ),
  "/sharing": () =>
    new Response(
      `<s:Envelope xmlns:s="${SOAP}"><s:Body><FindMembershipResponse><FindMembershipResult><Services><Service><Memberships><Membership><MemberRole>Allow</MemberRole><Members><Member><Type>Passport</Type><PassportName>bob@example.com</PassportName></Member></Members></Membership><Membership><MemberRole>Pending</MemberRole><Members><Member><Type>Passport</Type><DisplayName>Carol</DisplayName><PassportName>carol@example.com</PassportName></Member></Members></Membership></Memberships><Info><Handle><Type>Messenger</Type></Handle></Info></Service></Services></FindMembershipResult></FindMembershipResponse></s:Body></s:Envelope>`,
    ),
  "/ab": () =>
    new Response(
      `<s:Envelope xmlns:s="${SOAP}"><s:Body><ABFindAllResponse><ABFindAllResult><groups><Group><groupId>aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa</groupId><groupInfo><name>Work Friends</name></groupInfo></Group></groups><contacts><Contact><contactId>1</contactId><contactInfo><contactType>Me</contactType><passportName>alice@example.com</passportName><displayName>Alice A</displayName></contactInfo></Contact><Contact><contactId>2</contactId><contactInfo><contactType>Regular</contactType><passportName>bob@example.com</passportName><displayName>Bob</displayName><groupIds><guid>aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa</guid></groupIds><isMessengerUser>true</isMessengerUser></contactInfo></Contact></contacts></ABFindAllResult></ABFindAllResponse></s:Body></s:Envelope>`,
    ),
};

export const web: typeof fetch = (input) => {
  const answer = WEB[new URL(String(input)).pathname];
  return Promise.resolve(answer?.() ?? new Response("", { status: 404 }));
};

/** The recorded web services. */
export const WEB_SERVICES = {
  nexusUrl: "http://web.test/nexus",
  rstUrl: "http://web.test/rst",
  addressBookUrl: "http://web.test/ab",
  sharingUrl: "http://web.test/sharing",
};

const closing: (() => Promise<void>)[] = [];

/** Ends what {@link play} began; for `afterEach`. */
export async function endPlays(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}

/** A client and a server that says what is recorded, but for the changes. */
export async function play(
  dialect: RecordedName,
  changes: Script = {},
  options: { pieces?: number } & Partial<MsnClientOptions> = {},
): Promise<{ client: MsnClient; server: ScriptedServer }> {
  const { pieces, ...more } = options;
  const server = await ScriptedServer.start(
    { ...SCRIPTS[dialect], ...changes },
    pieces === undefined ? {} : { pieces },
  );
  const client = new MsnClient({
    services: { ...WEB_SERVICES, ns: server.address },
    dialects: [dialect],
    email: ALICE,
    password: () => "secret",
    machineGuid: parseMachineGuid("{0A0A0A0A-0000-4000-8000-00000000000A}"),
    initialPresence: "NLN",
    personalMessage: { text: "hi" },
    fetch: web,
    timeouts: { request: 3000 },
    ...more,
  });
  closing.push(
    () => client.signOut(),
    () => server.close(),
  );
  return { client, server };
}

/** The same when the client is signed in and the lists and first presence are there. */
export async function signedIn(
  dialect: RecordedName,
  changes: Script = {},
  options: { pieces?: number } & Partial<MsnClientOptions> = {},
): Promise<{ client: MsnClient; server: ScriptedServer }> {
  const { client, server } = await play(dialect, changes, options);
  const complete = next(client, "contactChanged", ({ status, personalMessage }) =>
    dialectOf(dialect).personalMessages ? personalMessage !== "" : status !== "FLN",
  );
  await client.signIn();
  await complete;
  return { client, server };
}
