import type { Email } from "../../../src/msnp/index.ts";
import type { Stage } from "../msnp-client/stage.ts";

/**
 * Whether a place of somebody has come to a switchboard that `host`, at a client of the stage, has opened. Of two places
 * that are called at once either may come first, and what is said before the other has come is not heard there.
 */
export function hasCome({ trace }: Stage, host: Email, who: Email, place: string): boolean {
  return trace.some((line) => line.startsWith(`${host} SB`) && line.includes(`<<< JOI ${who};{${place}}`));
}
