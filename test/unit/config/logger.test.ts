import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../../src/bridge/secret.ts";
import { createLogger } from "../../../src/config/logger.ts";

const PLANTED = "s3cr3t-planted-value";

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger("trace", { write: (line: string) => void lines.push(line) }));
  return lines.join("");
}

test("a line is JSON with level, time and message", () => {
  const line = JSON.parse(logged((log) => log.info({ lane: "out|x" }, "stored"))) as { time: string };
  expect(line).toMatchObject({ level: "info", lane: "out|x", msg: "stored", name: "msnbridge" });
  expect(Date.parse(line.time)).toBeGreaterThan(0);
});

test("no planted secret comes out, whatever the way in", () => {
  const output = logged((log) => {
    log.info({ password: PLANTED }, "form");
    log.info({ body: { password: PLANTED, proof: "x" } }, "form in a body");
    log.info({ req: { headers: { authorization: `Bearer ${PLANTED}`, cookie: PLANTED } } }, "headers");
    log.info({ registration: { as_token: PLANTED, hs_token: PLANTED } }, "registration");
    log.info({ a: { b: { c: { d: { hs_token: PLANTED, "Set-Cookie": [PLANTED, PLANTED] } } } } }, "deep");
    log.info({ password: `${PLANTED}"\\ with quotes ${PLANTED}`, after: 1 }, "quotes in a secret");
    log.info({ body: JSON.stringify({ password: PLANTED, network: "escargot" }) }, "JSON in a text");
    log.warn(`GET /link/${PLANTED} failed`);
    log.warn(`PUT /_matrix/app/v1/transactions/1?access_token=${PLANTED}`);
    log.error({ err: new Error(`cannot reach redis://:${PLANTED}@127.0.0.1:6379`) }, "store");
    log.error({ headers: `Authorization: Passport1.4 ${PLANTED}` }, "tweener");
    log.error({ value: new Secret(PLANTED), text: inspect({ deep: new Secret(PLANTED) }) }, "sealed type");
    log.child({ token: PLANTED }).info("child");
  });
  expect(output.split("\n").length).toBeGreaterThan(9);
  expect(output).not.toContain(PLANTED);
});

test("what is no secret stays readable", () => {
  const output = logged((log) => log.info({ link: "ab12cd34", route: "/link/:token" }, "web request"));
  expect(output).toContain("ab12cd34");
  expect(output).toContain("/link/:token");
});
