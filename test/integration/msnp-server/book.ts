import { expect } from "vitest";
import { md5Response } from "../../../src/msnp/auth/md5.ts";
import { rpsProof } from "../../../src/msnp/auth/rps.ts";
import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { RawClient, type Received } from "./raw-client.ts";
import { emailOf, enter11, nexusTicket, PASSWORDS, securityTokens } from "./scene.ts";

/** What stands for `[[name]]` in a line that is said, made from what was heard last. */
export type Fillings = Readonly<Record<string, (heard: Received) => string>>;

const INDENT = "    ";

interface Step {
  readonly says: boolean;
  line: string;
  payload: string | undefined;
}

/** Lines of a transcript as the books print them: `>>>`, `<<<`, payloads indented below their line, comments behind `#`. */
function read(script: string): Step[] {
  const steps: Step[] = [];
  for (const raw of script.split("\n")) {
    const text = raw.replace(/ {2,}#.*$/, "");
    if (text.trim() === "" || text.trim().startsWith("#")) continue;
    const last = steps.at(-1);
    if (text.startsWith(INDENT) && last !== undefined) last.payload = text.slice(INDENT.length);
    else steps.push({ says: text.startsWith(">>>"), line: text.slice(4).replaceAll("␠", " "), payload: undefined });
  }
  return steps;
}

/**
 * Plays a client's part of a transcript: says the lines behind `>>>` and expects those behind `<<<`, byte for byte.
 * `<...>` stands for what is different each time, `␠` for a blank at the end of a line.
 */
export async function play(client: RawClient, script: string, fillings: Fillings = {}): Promise<void> {
  let heard: Received = { line: "", payload: undefined };
  for (const { says, line, payload } of read(script)) {
    if (says) {
      const filled = line.replace(/\[\[(\w+)\]\]/g, (_, name: string) => fillings[name]?.(heard) ?? `no ${name}`);
      const filledPayload = payload?.replace(/\[\[(\w+)\]\]/g, (_, name: string) => fillings[name]?.(heard) ?? "");
      client.say(filledPayload === undefined ? filled : `${filled}\r\n${filledPayload}`);
      continue;
    }
    const [received] = await client.hears(line);
    if (received === undefined) throw new Error("nothing was heard");
    heard = received;
    if (payload !== undefined) expect(heard.payload, `payload of ${line}`).toBe(payload);
  }
}

/** The last argument of the line heard last. */
export function lastArgument({ line }: Received): string {
  return line.split(" ").at(-1) ?? "";
}

/** Fills in `[[md5]]` behind a salt. */
export function passwordOf(name: string): Fillings {
  return { md5: (heard) => md5Response(lastArgument(heard), PASSWORDS.get(emailOf(name)) ?? "") };
}

/** Fills in `[[ticket]]` by the Nexus. */
export async function passportOf(network: MsnNetwork, name: string): Promise<Fillings> {
  const ticket = await nexusTicket(network, emailOf(name));
  return { ticket: () => ticket };
}

/** Fills in `[[ticket]]` by the token service, and `[[proof]]` behind a nonce. */
export async function tokensOf(
  network: MsnNetwork,
  name: string,
  site: "messengerclear.live.com" | "contacts.msn.com" = "messengerclear.live.com",
): Promise<Fillings> {
  const token = (await securityTokens(network, emailOf(name))).get(site);
  return {
    ticket: () => token?.ticket ?? "",
    proof: (heard) => rpsProof(token?.secret ?? "", lastArgument(heard)).response,
  };
}

/** In the book's recordings alice has said once that no mobile of hers is on. */
export async function settleAlice(network: MsnNetwork): Promise<void> {
  const alice = await enter11(network, "alice");
  alice.say("PRP 5 MBE N");
  await alice.hears("PRP 5 MBE N");
  await alice.hangUp();
}

export const EVERY_VERSION = Array.from({ length: 17 }, (_, index) => `MSNP${index + 2}`);

function number(dialect: string): number {
  return Number(dialect.slice(4));
}

/** Machine GUIDs of the people, for versions with endpoints. */
export function guidOf(name: string): string {
  const digit = "abcd"["abcd".indexOf(name[0] ?? "a")] ?? "a";
  return `0${digit}0${digit}0${digit}0${digit}-0000-4000-8000-00000000000${digit}`;
}

/** Signs in with any version from 2 to 18, up to what the server says unasked. */
export async function enter(network: MsnNetwork, name: string, dialect: string): Promise<RawClient> {
  const email = emailOf(name);
  const version = number(dialect);
  const client = await RawClient.open(network.ports.ns, `${name} (${dialect})`);
  await play(client, `>>> VER 1 ${dialect} CVR0\n<<< VER 1 ${dialect}`);
  if (version < 8) {
    await play(
      client,
      `>>> USR 2 MD5 I ${email}
<<< USR 2 MD5 S <salt>
>>> USR 3 MD5 S [[md5]]
<<< USR 3 OK ${email} <name>${version < 6 ? "" : " 1"}
<<< MSG Hotmail Hotmail <length>`,
      passwordOf(name),
    );
  } else if (version < 15) {
    const fillings = version < 12 ? await passportOf(network, name) : await tokensOf(network, name, "contacts.msn.com");
    await play(
      client,
      `>>> USR 2 TWN I ${email}
${version < 13 ? "" : "<<< GCF 0 <length>"}
<<< USR 2 TWN S <challenge>
>>> USR 3 TWN S [[ticket]]
<<< USR 3 OK ${email} ${version < 10 ? "<name> " : ""}1 0
${version < 11 ? "" : "<<< SBS 0 null"}
<<< MSG Hotmail Hotmail <length>`,
      fillings,
    );
  } else {
    await play(
      client,
      `>>> USR 2 SSO I ${email}
<<< GCF 0 <length>
<<< USR 2 SSO S MBI_KEY_OLD <nonce>
>>> USR 3 SSO S [[ticket]] [[proof]]${version < 16 ? "" : ` {${guidOf(name)}}`}
<<< USR 3 OK ${email} 1 0
<<< SBS 0 null
<<< MSG Hotmail Hotmail <length>
${version < 16 ? "" : version < 18 ? `<<< UBX ${email} 1 0` : `<<< UBX 1:${email} 0`}`,
      await tokensOf(network, name),
    );
  }
  return client;
}

/** CHG as a client of this version says it. */
export function statusLine(dialect: string, trid: number, status: string): string {
  const version = number(dialect);
  const capabilities = version < 8 ? "" : version < 16 ? " 1073741824" : " 2788999228:48";
  return `CHG ${trid} ${status}${capabilities}`;
}

/** Signs in and becomes visible; what follows the echo of CHG is still to be read. */
export async function online(network: MsnNetwork, name: string, dialect: string, status = "NLN"): Promise<RawClient> {
  const client = await enter(network, name, dialect);
  const line = statusLine(dialect, 5, status);
  client.say(line);
  await client.hears(line);
  return client;
}

/** Reads until the answer to a keepalive: everything said before has been handled. */
export async function settled(client: RawClient): Promise<string[]> {
  client.say("PNG");
  const lines: string[] = [];
  for (;;) {
    const { line } = await client.next();
    if (/^QNG( 60)?$/.test(line)) return lines;
    lines.push(line);
  }
}
