import { onTestFinished } from "vitest";
import type { MsnClient, MsnClientOptions } from "../../../../src/msnp/index.ts";
import type { Script, ScriptedServer } from "../scripted-server.ts";
import { bookClient, bytesOf, command } from "./book-server.ts";

/** What happens in a test: the client, and the server that says the transcript's lines. */
export interface Played {
  readonly client: MsnClient;
  readonly server: ScriptedServer;
}

/** A client that has signed in at the scripted server; both end with the test. */
export async function play(
  changes: Script = {},
  options: { pieces?: number } & Partial<MsnClientOptions> = {},
): Promise<Played> {
  const { client, server, close } = await bookClient(changes, options);
  onTestFinished(close);
  await client.signIn();
  return { client, server };
}

/** Everything that is said to and from the transcript's point in a session of its own. */
export async function told(...steps: readonly (readonly [string, number?])[]): Promise<Played> {
  const session = await play();
  for (const [step, nth = 0] of steps) session.server.say(bytesOf(command(step, "server", nth)));
  return session;
}
