/** Health and figures, for machines: `/live`, `/ready`, `/metrics`. */
import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import type { Readiness } from "../bridge/ports/linking.ts";

const READY_TIMEOUT_MS = 5_000;

/** `/live`: the process answers. `/ready`: 200, or 503 with the reasons. */
export function serveHealth(app: FastifyInstance, readiness: () => Promise<Readiness>): void {
  app.get("/live", () => ({ live: true }));
  app.get("/ready", async (_request, reply) => {
    const state = await inTime(readiness());
    return reply.code(state.ready ? 200 : 503).send({ ready: state.ready, reasons: state.reasons });
  });
}

/** `/metrics` in Prometheus' text format. */
export function serveMetrics(app: FastifyInstance, registry: Registry): void {
  app.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}

async function inTime(check: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => resolve({ ready: false, reasons: ["the check itself takes too long"] }), READY_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check.catch(unready), late]);
  } finally {
    clearTimeout(timer);
  }
}

function unready(error: unknown): Readiness {
  return { ready: false, reasons: [error instanceof Error ? error.message : String(error)] };
}
