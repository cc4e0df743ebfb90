import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import { freePort } from "../../src/cli/sandbox/ports.ts";
import { ProcessGroup } from "../../src/cli/sandbox/processes.ts";
import { createMatrixUser, type Synapse, type SynapseOptions, startSynapse } from "../../src/cli/sandbox/synapse.ts";
import type { TraceRecorder } from "../../src/cli/sandbox/trace.ts";

/** The virtual environment that `npm test` installs Synapse into. */
export const SYNAPSE_VENV = fileURLToPath(new URL("../../var/synapse-venv", import.meta.url));

/** One Synapse for a test file, started before its first test and gone after its last. */
export interface SynapseFixture {
  readonly server: Synapse;
  /** Where its data lies; removed at the end. Tests may put more below it. */
  readonly dir: string;
  /** Owns the server; add the test file's other processes here, and they end with it. */
  readonly group: ProcessGroup;
  /** Makes a user (name made unique) and signs them in; closed at the end of the file. */
  newPerson(name: string, trace?: TraceRecorder): Promise<MatrixPerson>;
  /** The password {@link newPerson} gave its users. */
  readonly password: string;
}

export interface FixtureOptions extends Partial<Pick<SynapseOptions, "serverName" | "overrides">> {
  /** Called before the start with the data folder and port; gives the path of the registration it has written there. */
  readonly registration?: (dir: string, port: number) => string | Promise<string>;
}

/** Registers the hooks; use the result inside tests only. At the end it asserts that no process is left. */
export function useSynapse(options: FixtureOptions = {}): SynapseFixture {
  const group = new ProcessGroup();
  const people: MatrixPerson[] = [];
  let server: Synapse | undefined;
  let dir = "";
  const started = (): Synapse => {
    if (server === undefined) throw new Error("Synapse is there only inside tests and hooks");
    return server;
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "msnbridge-synapse-"));
    const port = await freePort();
    const registrationFile = await options.registration?.(dir, port);
    server = await startSynapse({
      dir,
      port,
      group,
      venv: SYNAPSE_VENV,
      serverName: options.serverName ?? "matrix.test",
      ...(options.overrides === undefined ? {} : { overrides: options.overrides }),
      ...(registrationFile === undefined ? {} : { registrationFile }),
    });
  });

  afterAll(async () => {
    await Promise.all(people.map((person) => person.close()));
    await group.stopAll();
    await rm(dir, { recursive: true, force: true });
    expect(group.survivors()).toEqual([]);
  });

  let made = 0;
  return {
    get server() {
      return started();
    },
    get dir() {
      return dir;
    },
    group,
    password: "correct horse battery",
    async newPerson(name, trace) {
      made += 1;
      const account = await createMatrixUser(started(), `${name}${made}`, this.password, { displayName: name });
      const person = await MatrixPerson.signIn(started().url, account.id, {
        accessToken: account.accessToken,
        trace: trace?.add,
      });
      people.push(person);
      return person;
    },
  };
}
