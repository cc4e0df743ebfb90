import type { MucLimits } from "../../muc/types.ts";

export interface ForeignLimits extends MucLimits {
  /** How long after their last words ghosts stay in a room, ms, and how many at once. */
  readonly voiceIdleMs: number;
  readonly voices: number;
  /** How long a ghost that the room refuses, or has put out, does not try again, ms. */
  readonly refusedMs: number;
  readonly putOutMs: number;
  /** How long the bot stays in a room that it looks at and that is not tied then, ms. */
  readonly visitMs: number;
  /** How long after its coming a message is still looked for at the next start, ms. */
  readonly lookBackMs: number;
  /** Rooms of which something is in memory. */
  readonly rooms: number;
}

export const DEFAULT_FOREIGN_LIMITS: ForeignLimits = {
  enterMs: 20_000,
  historyMs: 5000,
  echoMs: 20_000,
  selfPingMs: 5 * 60_000,
  firstWaitMs: 1000,
  longestWaitMs: 5 * 60_000,
  voiceIdleMs: 3_600_000,
  voices: 100,
  refusedMs: 10 * 60_000,
  putOutMs: 3_600_000,
  visitMs: 10 * 60_000,
  lookBackMs: 60_000,
  rooms: 5000,
};
