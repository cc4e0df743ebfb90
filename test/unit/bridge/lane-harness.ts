import { afterEach } from "vitest";
import type { LaneHandler, Outcome } from "../../../src/bridge/lanes.ts";
import { LaneRunner } from "../../../src/bridge/lanes.ts";
import type { Fence, LaneEntry, LaneRef } from "../../../src/bridge/model.ts";
import { messageId } from "../../../src/bridge/model.ts";
import { alice, silent, type ToyLanes, words } from "./support.ts";

const running: LaneRunner[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((runner) => runner.stop()));
});

/** What an entry says. */
export const said = (entry: LaneEntry): string => (entry.body.from === "home" ? String(entry.body.raw) : "");

/** A runner over toy lanes, stopped after the test; its fence can be taken away. */
export function runner(
  store: ToyLanes,
  handler: LaneHandler,
  concurrency = 8,
): LaneRunner & { held: { fence?: Fence } } {
  const held: { fence?: Fence } = { fence: store.fence };
  const made = new LaneRunner({
    store,
    fence: () => held.fence,
    handlers: { out: handler, in: handler, control: handler },
    concurrency,
    log: silent,
    poisoned: async (entry, error) => ({
      kind: "park",
      resident: alice,
      message: messageId(`m-${said(entry)}`),
      failure: { code: error.code, text: error.person, certainty: error.certainty },
      report: undefined,
    }),
  });
  running.push(made);
  return Object.assign(made, { held });
}

export async function say(store: ToyLanes, lane: LaneRef, ...texts: string[]): Promise<void> {
  for (const text of texts) await store.append(lane, words(text));
}

export function park(entry: LaneEntry, report: () => Promise<ReturnType<typeof messageId>>): Outcome {
  return {
    kind: "park",
    resident: alice,
    message: messageId(`m-${said(entry)}`),
    failure: { code: "contact-offline", text: "Bob is offline.", certainty: "not-sent" },
    report,
  };
}
