import { MsnNetwork, type NetworkPorts, type NetworkServices } from "./network.ts";
import type { StartOptions } from "./options.ts";

/** What a process that runs a network tells its parent; plain data, fit for JSON or process messages. */
export interface RunningNetwork {
  readonly host: string;
  readonly ports: NetworkPorts;
  readonly services: NetworkServices;
}

/** Something that can ask the process to end: the process itself, or a stand-in. */
export interface StopSource {
  once(event: "SIGINT" | "SIGTERM" | "disconnect", listener: () => void): unknown;
  off(event: "SIGINT" | "SIGTERM" | "disconnect", listener: () => void): unknown;
}

/**
 * Runs a network for as long as the process lives: calls `ready` once it listens, and resolves after it was asked to stop
 * (SIGINT, SIGTERM, or the parent gone) and everything is closed. Rejects when it could not start.
 */
export async function runNetwork(
  options: StartOptions,
  ready: (running: RunningNetwork) => void,
  source: StopSource = process,
): Promise<void> {
  const network = await MsnNetwork.start(options);
  const stopped = waitForStop(source);
  ready({ host: network.host, ports: network.ports, services: network.services });
  await stopped;
  await network.close();
}

async function waitForStop(source: StopSource): Promise<void> {
  const events = ["SIGINT", "SIGTERM", "disconnect"] as const;
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      for (const event of events) source.off(event, stop);
      resolve();
    };
    for (const event of events) source.once(event, stop);
  });
}
