/** The embedded MSN network with the people on it, as a process of its own. */
import { randomUUID } from "node:crypto";
import { type Email, MsnClient, type MsnServices, parseEmail, parseMachineGuid } from "../../src/msnp/index.ts";
import { type AccountSpec, MsnNetwork } from "../../src/msnp/server/index.ts";
import { Arrivals, paced } from "../lib/arrivals.ts";
import { answer } from "../lib/child.ts";
import { sharedNow, stamped } from "../lib/stats.ts";

/** Somebody on MSN and the puppet they talk with. */
export interface Talk {
  readonly person: string;
  readonly puppet: string;
}

let network: MsnNetwork | undefined;
const people = new Map<string, MsnClient>();
const arrivals = new Arrivals();
/** Moments (ms, shared clock) at which somebody began to sign in: VER is the first line of it. */
const signIns: number[] = [];
const SIGN_IN = /^VER /;

function running(): MsnNetwork {
  if (network === undefined) throw new Error("the MSN network is not started");
  return network;
}

async function signIn(email: string, password: string): Promise<void> {
  const client = new MsnClient({
    services: running().services,
    dialects: ["MSNP18"],
    email: parseEmail(email),
    password: () => password,
    machineGuid: parseMachineGuid(randomUUID()),
    initialPresence: "NLN",
  });
  client.on("message", ({ body }) => {
    if (body.kind === "text") arrivals.add(body.text);
  });
  await client.signIn(AbortSignal.timeout(60_000));
  people.set(email, client);
}

function say(talk: Talk, text: string): Promise<void> {
  const client = people.get(talk.person);
  if (client === undefined) throw new Error(`${talk.person} is not signed in`);
  return client.conversation(talk.puppet as Email).sendText(text);
}

const questions = {
  async start(o: { accounts: readonly AccountSpec[]; countSignIns?: boolean }): Promise<MsnServices> {
    network = await MsnNetwork.start({
      accounts: o.accounts,
      options: { limits: { transcriptLines: 0 } },
      ...(o.countSignIns === true
        ? { trace: ({ side, text }) => void (side === ">>>" && SIGN_IN.test(text) && signIns.push(sharedNow())) }
        : {}),
    });
    return network.services;
  },
  async people(o: { emails: readonly string[]; password: string }): Promise<void> {
    for (const email of o.emails) await signIn(email, o.password);
  },
  /** How many of these are signed in and visible to their contacts. */
  online: (emails: readonly string[]): number =>
    emails.filter((email) => !["FLN", "HDN"].includes(running().account(email).status)).length,
  signIns: () => signIns,
  /** Everybody in turn says a stamped text. @returns how many */
  async pace(o: { perSecond: number; seconds: number; talks: readonly Talk[] }): Promise<number> {
    const said: Promise<void>[] = [];
    const total = await paced(o.perSecond, o.seconds, (n) => {
      const talk = o.talks[n % o.talks.length];
      if (talk !== undefined) said.push(say(talk, stamped(`Message number ${n}, as people write them.`)));
    });
    await Promise.all(said);
    return total;
  },
  /** Everybody at once says their texts one after another, each when the one before was acknowledged. @returns how many */
  async flood(o: { each: number; talks: readonly Talk[] }): Promise<number> {
    const one = async (talk: Talk): Promise<void> => {
      for (let n = 0; n < o.each; n++) await say(talk, `Message number ${n}, one of very many.`);
    };
    await Promise.all(o.talks.map(one));
    return o.each * o.talks.length;
  },
  forget: () => arrivals.forget(),
  /** @returns the moment (shared clock) at which it was seen */
  async arrived(o: { count: number; timeoutMs: number }): Promise<number> {
    await arrivals.wait(o.count, o.timeoutMs);
    return sharedNow();
  },
  ages: () => arrivals.ages,
  cpu: () => process.cpuUsage(),
};

export type MsnQuestions = typeof questions;

if (import.meta.main) answer(questions);
