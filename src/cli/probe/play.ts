/** One row of the table: signs everybody in with one dialect over one transport, and plays all the features. */
import { describeError, type MsnClientOptions, MsnpError } from "../../msnp/index.ts";
import type { ProbeAccount } from "./accounts.ts";
import { type Cast, FEATURES, type Feature } from "./features.ts";
import { Person, ProbeFailure } from "./person.ts";
import { failed, NOT_OFFERED, notTried, PASS, type Result, type Row } from "./report.ts";
import { StageLog } from "./stages.ts";

type Settings = Omit<
  MsnClientOptions,
  "initialPresence" | "storeOffline" | "email" | "password" | "machineGuid" | "handle"
>;

export interface RowPlan {
  readonly dialect: string;
  readonly transport: string;
  /** Client settings that offer just this dialect and this transport. */
  readonly settings: Settings;
  /** The host that is reached first. */
  readonly first: { readonly host: string; readonly port: number };
  readonly accounts: readonly ProbeAccount[];
  readonly patienceMs: number;
  readonly writtenMs: number;
}

/** Never throws: what goes wrong is in the row. */
export async function playRow(plan: RowPlan): Promise<Row> {
  const stages = new StageLog();
  const people = plan.accounts.map((account) => person(plan, account));
  const row = { dialect: plan.dialect, transport: plan.transport, stages: stages.results };
  try {
    const [a, b, c] = people;
    if (!(await stages.reach(plan.first.host, plan.first.port, plan.patienceMs)) || a === undefined) {
      return { ...row, features: featuresNotTried(people) };
    }
    a.client.on("stage", (stage) => stages.entered(stage));
    try {
      await a.signIn();
      stages.finished();
    } catch (error) {
      stages.stumbled(error);
      return { ...row, features: featuresNotTried(people) };
    }
    if (b === undefined) return { ...row, features: new Map() };
    return { ...row, features: await playFeatures({ a, b, c }) };
  } finally {
    await Promise.all(people.map((one) => one.signOut()));
  }
}

function person({ settings, patienceMs, writtenMs }: RowPlan, account: ProbeAccount): Person {
  const { email, handle, machineGuid, password } = account;
  return new Person({
    client: { ...settings, email, handle, machineGuid, password: () => password.open() },
    patience: patienceMs,
    writtenMs,
  });
}

/** The reason stands once; that they could not sign in has its own column. */
function featuresNotTried(people: readonly Person[], first: Result = notTried("")): Map<string, Result> {
  if (people.length < 2) return new Map();
  return new Map(FEATURES.map(({ name }, i) => [name, i === 0 ? first : notTried("")]));
}

async function playFeatures(cast: Cast): Promise<Map<string, Result>> {
  const { a, b, c } = cast;
  const others = c === undefined ? [b] : [b, c];
  try {
    for (const other of others) await other.signIn();
    for (const other of others) await acquaint(a, other);
    if (c !== undefined) await acquaint(b, c);
  } catch (error) {
    return featuresNotTried([a, b], failed(`the people could not be brought together: ${explain(error)}`));
  }
  const results = new Map<string, Result>();
  for (const feature of FEATURES) results.set(feature.name, await playFeature(feature, cast));
  return results;
}

/** Puts two people on each other's lists, where they are not, and waits until both see each other. */
async function acquaint(one: Person, other: Person): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const lists = from.contact(to)?.lists;
    if (lists?.has("BL")) await from.client.roster.unblock(to.email);
    if (lists?.has("PL")) await from.client.roster.accept(to.email);
    else if (!lists?.has("FL")) await from.client.roster.add(to.email);
  }
  await one.sees(other, `${other.email} online`, ({ status }) => status !== "FLN");
  await other.sees(one, `${one.email} online`, ({ status }) => status !== "FLN");
}

async function playFeature(feature: Feature, cast: Cast): Promise<Result> {
  try {
    // An earlier feature may have ended somebody's session.
    for (const one of [cast.a, cast.b, cast.c]) if (one?.client.state === "signed-out") await one.signIn();
    if (feature.offered?.(cast.a.dialect) === false) return NOT_OFFERED;
    if (feature.needsThree && cast.c === undefined) return notTried("it needs a third account");
    await feature.run(cast);
    return PASS;
  } catch (error) {
    return failed(explain(error));
  }
}

function explain(error: unknown): string {
  if (error instanceof ProbeFailure) return error.message;
  return error instanceof MsnpError ? `${describeError(error)} (${error.code})` : describeError(error);
}
