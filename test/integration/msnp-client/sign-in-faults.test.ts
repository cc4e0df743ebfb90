/** Every stage of every dialect's sign-in, refused, stalled, garbled, broken off and passed on in a circle. */
import { describe, expect, it } from "vitest";
import { DIALECTS, type DialectName, SignInError, type Timeouts } from "../../../src/msnp/index.ts";
import type { HttpFault, WireFault } from "../../../src/msnp/server/index.ts";
import { ALICE, Stage } from "./stage.ts";

/** A place of a sign-in where something can go wrong: a command or a web service, and which occurrence of it. */
interface Place {
  readonly place: "NS" | "HTTP";
  readonly at: string;
  readonly nth: number;
}

const PATIENT: Partial<Timeouts> = { connect: 5000, request: 5000, http: 5000 };
/** For servers that say nothing: long enough for every other stage on a busy machine. */
const IMPATIENT: Partial<Timeouts> = { connect: 5000, request: 700, http: 700 };
/** Nothing may keep a sign-in longer than its own waits do. */
const HANG_MS = 15_000;

const nameOf = ({ place, at, nth }: Place): string => `${place} ${at} ${nth}`;

/** What a good sign-in says, in its order, by the client's own trace. */
async function placesOf(stage: Stage, dialect: DialectName): Promise<Place[]> {
  const from = stage.trace.length;
  const client = await stage.signedIn(ALICE, dialect);
  const lines = stage.trace.slice(from);
  await client.signOut();
  const seen = new Map<string, number>();
  return lines.flatMap((line): Place[] => {
    const [, , way, what] = line.split(" ").slice(0, 4);
    const isCommand = line.startsWith(`${ALICE} NS >>> `);
    if (!isCommand || way !== ">>>" || what === undefined || !/^[A-Z]{3}$/.test(what)) return [];
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    return [{ place: "NS", at: what, nth }];
  });
}

/** Web services by what they are called in forced faults. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  md5: [],
  tweener: ["nexus", "login"],
  rst: ["rst"],
  sso: ["rst"],
};
const LIST_OPERATIONS = ["FindMembership", "ABFindAll", "ABFindContactsPaged"];

/** What a sign-in cannot do without: a fault there must end it. */
const VITAL = /^NS (VER|INF|CVR|USR|SYN|CHG|PUT) |^HTTP (nexus|login|rst) /;

async function attempt(
  stage: Stage,
  dialect: DialectName,
  timeouts: Partial<Timeouts>,
): Promise<SignInError | "signed in"> {
  const client = stage.client(ALICE, dialect, { timeouts });
  const late = new Promise<never>((_resolve, reject) =>
    setTimeout(() => reject(new Error("the sign-in hangs")), HANG_MS).unref(),
  );
  try {
    await Promise.race([client.signIn(), late]);
    if (client.state !== "signed-in") throw new Error(`the sign-in passed and left it ${client.state}`);
    return "signed in";
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    if (client.state !== "signed-out") throw new Error(`the sign-in failed and left it ${client.state}`);
    return error;
  } finally {
    await client.signOut();
  }
}

const WIRE: Readonly<Record<string, WireFault>> = {
  refused: { kind: "error", code: 911, close: true },
  stalled: { kind: "stall" },
  garbled: { kind: "garbage", bytes: Buffer.from("\u0000\u00ff NLN \r\nMSG x y 99999999999\r\n") },
  "broken off": { kind: "drop" },
};
const WEB: Readonly<Record<string, HttpFault>> = {
  refused: { kind: "refuse" },
  stalled: { kind: "stall" },
  garbled: { kind: "garbage" },
  "broken off": { kind: "drop" },
};

/** Codes that say what happened; anything else would send people looking in the wrong place. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  refused: ["no-common-dialect", "ticket-refused", "bad-password", "refused", "closed"],
  stalled: ["timeout"],
  garbled: ["protocol", "refused", "bad-password", "closed"],
  "broken off": ["closed", "unreachable"],
};

type AtEnd = (close: () => Promise<void>) => void;

/** A network of its own, with what a good sign-in does there; it ends with the test whose `atEnd` it is given. */
async function stageFor(dialect: DialectName, auth: string, atEnd: AtEnd): Promise<{ stage: Stage; places: Place[] }> {
  const stage = await Stage.open();
  atEnd(() => stage.close());
  const services = [...(SERVICES[auth] ?? []), ...LIST_OPERATIONS].map((at): Place => ({ place: "HTTP", at, nth: 1 }));
  return { stage, places: [...(await placesOf(stage, dialect)), ...services] };
}

describe.concurrent.each(
  DIALECTS.filter(({ isExperimental }) => !isExperimental).map(({ name, auth }) => ({ name, auth })),
)("a sign-in by $name", ({ name, auth }) => {
  it.for(Object.keys(WIRE))(
    "that is %s at any stage ends with an error that says so, or goes on without",
    async (what, { onTestFinished }) => {
      const { stage, places } = await stageFor(name, auth, onTestFinished);
      for (const { place, at, nth } of places) {
        const armed = stage.network.faults.arm(
          place === "NS"
            ? { place, at, nth, fault: WIRE[what] ?? { kind: "drop" }, times: "always" }
            : { place, at, nth, fault: WEB[what] ?? { kind: "drop" }, times: "always" },
        );
        const outcome = await attempt(stage, name, what === "stalled" ? IMPATIENT : PATIENT);
        const where = nameOf({ place, at, nth });
        if (outcome === "signed in") {
          const isStruck = armed.strikes > 0 && what !== "garbled";
          expect(isStruck && VITAL.test(where), `${where} was ${what}`).toBe(false);
        } else {
          expect(armed.strikes, where).toBeGreaterThan(0);
          expect(CODES[what], `${where}: ${outcome.message}`).toContain(outcome.code);
        }
        armed.disarm();
      }
      expect(await attempt(stage, name, PATIENT)).toBe("signed in");
    },
  );

  it("that is passed on in a circle gives up", async ({ onTestFinished }) => {
    const { stage, places } = await stageFor(name, auth, onTestFinished);
    for (const { at } of places.filter((one) => /^NS (VER|INF|CVR|USR) 1$/.test(nameOf(one)))) {
      const armed = stage.network.faults.arm({ place: "NS", at, fault: { kind: "redirect" }, times: "always" });
      const outcome = await attempt(stage, name, PATIENT);
      armed.disarm();
      expect(outcome, `passed on at ${at}`).toMatchObject({
        code: at === "USR" ? "redirect-loop" : expect.any(String),
      });
    }
  });

  it("whose web services send in a circle gives up", async ({ onTestFinished }) => {
    const { stage } = await stageFor(name, auth, onTestFinished);
    const { services } = stage.network;
    const circles: Readonly<Record<string, string>> = {
      nexus: services.nexusUrl,
      login: services.nexusUrl,
      rst: services.rstUrl,
    };
    for (const at of SERVICES[auth] ?? []) {
      const url = circles[at] ?? "";
      const armed = stage.network.faults.arm({ place: "HTTP", at, fault: { kind: "redirect", url }, times: "always" });
      expect(await attempt(stage, name, PATIENT), `sent on at ${at}`).toBeInstanceOf(SignInError);
      armed.disarm();
    }
  });
});
