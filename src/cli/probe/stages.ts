/** A sign-in, stage by stage: which worked, which failed and how. */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { describeError, SignInError, type SignInStage } from "../../msnp/index.ts";
import { failed, NOT_OFFERED, notTried, PASS, type Result } from "./report.ts";

/** Columns of the table, in the order of a sign-in; `dns` and `tcp` are tried apart, before it. */
export const STAGES = ["dns", "tcp", "ver", "auth host", "ticket", "usr", "lists", "presence"] as const;
type Stage = (typeof STAGES)[number];

const STAGE_OF: Readonly<Record<SignInStage, Stage>> = {
  connect: "tcp",
  version: "ver",
  "auth-host": "auth host",
  ticket: "ticket",
  login: "usr",
  lists: "lists",
  presence: "presence",
};

/** Follows one sign-in and fills the columns. */
export class StageLog {
  readonly results = new Map<string, Result>(STAGES.map((stage) => [stage, notTried("")]));
  #at: Stage = "tcp";
  readonly #seen = new Set<Stage>();

  /** Whether the host of the first connection has an address and takes connections. False when it makes no sense to go on. */
  async reach(host: string, port: number, timeoutMs: number): Promise<boolean> {
    try {
      await lookup(host);
      this.results.set("dns", PASS);
    } catch (error) {
      this.results.set("dns", failed(`${host} has no address (${describeError(error)})`));
      return false;
    }
    const refusal = await dial(host, port, timeoutMs);
    this.results.set("tcp", refusal === undefined ? PASS : failed(`${host}:${port}: ${refusal}`));
    return refusal === undefined;
  }

  entered(stage: SignInStage): void {
    this.#at = STAGE_OF[stage];
    this.#seen.add(this.#at);
  }

  /** Everything that was entered has worked; what was never entered this dialect does not have. */
  finished(): void {
    for (const stage of STAGES.slice(2)) this.results.set(stage, this.#seen.has(stage) ? PASS : NOT_OFFERED);
  }

  stumbled(error: unknown): void {
    const at = error instanceof SignInError ? STAGE_OF[error.stage] : this.#at;
    const before = STAGES.slice(0, STAGES.indexOf(at));
    for (const stage of before) if (this.#seen.has(stage)) this.results.set(stage, PASS);
    this.results.set(at, failed(describeError(error)));
  }
}

/** Undefined when the port takes a connection, else what happened. */
function dial(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (what: string | undefined): void => {
      socket.destroy();
      resolve(what);
    };
    socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs / 1000} s`));
    socket.once("error", (error) => end(describeError(error)));
    socket.once("connect", () => end(undefined));
  });
}
