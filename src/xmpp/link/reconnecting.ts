import type { Logger } from "pino";
import { backOff, pause } from "../../bridge/waiting.ts";
import type { StreamFailure } from "./stream.ts";

/** A refusal is not tried as often as a server that is away: only an operator can help. */
const REFUSED_FACTOR = 4;

export interface Reconnecting {
  /** One stream from connecting to its end; `opened` is called when it serves, which ends the back-off. */
  readonly once: (opened: () => void) => Promise<StreamFailure>;
  /** Says to whom it matters why there is no stream now. */
  readonly tell: (why: StreamFailure) => void;
  readonly limits: { readonly firstWaitMs: number; readonly longestWaitMs: number };
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Opens one stream after another until aborted, with back-off and jitter between them. */
export async function keepConnected({ once, tell, limits, signal, log }: Reconnecting): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const began = Date.now();
    const why = await once(() => {
      attempt = 0;
    });
    if (signal.aborted) return;
    tell(why);
    const factor = why.kind === "refused" ? REFUSED_FACTOR : 1;
    const wait = backOff(attempt, limits.firstWaitMs * factor, limits.longestWaitMs * factor);
    log.debug({ wait, lasted: Date.now() - began }, "connecting again soon");
    await pause(wait, signal);
  }
}
