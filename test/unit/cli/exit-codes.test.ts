import { expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { EXIT, EXIT_MEANINGS, Exit, explainExit } from "../../../src/cli/exit-codes.ts";
import { ConfigError } from "../../../src/config/yaml.ts";
import { StoreSetupError } from "../../../src/store/setup-error.ts";

test("every exit code has a meaning and a number of its own", () => {
  expect(Object.keys(EXIT_MEANINGS)).toEqual(Object.keys(EXIT));
  expect(new Set(Object.values(EXIT)).size).toBe(Object.values(EXIT).length);
});

test("faulty settings end with 78 and one line per fault", () => {
  const error = new ConfigError([
    { where: "config.yaml:3", key: "web.publicURI", text: "there is no such key" },
    { where: "config.yaml:4", key: "web.publicUrl", text: "is missing" },
  ]);
  expect(explainExit(error)).toEqual({
    code: 78,
    text: "the settings have 2 faults:\n  config.yaml:3: web.publicURI: there is no such key\n  config.yaml:4: web.publicUrl: is missing",
  });
});

test("a registration with placeholders is the operator's fault, a defect is ours", () => {
  const placeholder = new BridgeError("bad-input", {
    detail: 'the registration still has a placeholder at "as_token"',
  });
  expect(explainExit(placeholder)).toEqual({
    code: EXIT.config,
    text: 'the registration still has a placeholder at "as_token"',
  });
  expect(explainExit(new BridgeError("internal")).code).toBe(EXIT.software);
  expect(explainExit(new TypeError("x is not a function")).text).toContain("this is a defect of msnbridge");
});

test("what is missing or taken ends with 69", () => {
  const taken = Object.assign(new Error("listen EADDRINUSE: address already in use 127.0.0.1:29341"), {
    code: "EADDRINUSE",
  });
  expect(explainExit(taken)).toMatchObject({ code: 69, text: expect.stringContaining("127.0.0.1:29341") });
  expect(
    explainExit(new StoreSetupError("The data folder is in use by the process with pid 7.", "Stop it.")).code,
  ).toBe(69);
  expect(explainExit(new BridgeError("store-down")).code).toBe(69);
});

test("what keeps a side from listening counts as it does for the web server, whoever wraps it", () => {
  const wrapped = (code: string) =>
    new BridgeError(
      "bad-input",
      { detail: `cannot listen on 127.0.0.1:29340: listen ${code}` },
      { cause: Object.assign(new Error(`listen ${code}`), { code }) },
    );
  const taken = explainExit(wrapped("EADDRINUSE"));
  expect(taken).toMatchObject({ code: EXIT.unavailable, text: expect.stringContaining("127.0.0.1:29340") });
  expect(taken.text).toContain("stop the other program");
  expect(explainExit(wrapped("EADDRNOTAVAIL")).code).toBe(EXIT.config);
});

test("a file where a folder should be is the operator's affair, no defect", () => {
  for (const code of ["EEXIST", "ENOTDIR"]) {
    const error = Object.assign(new Error(`${code}: mkdir '/var/lib/bridge/data'`), { code });
    expect(explainExit(error)).toMatchObject({ code: EXIT.cannotCreate, text: expect.stringContaining("data") });
  }
});

test("Redis that does not answer is said with what to do next", () => {
  const end = explainExit(new BridgeError("store-down", { detail: "connect: connect ECONNREFUSED 127.0.0.1:6379" }));
  expect(end.code).toBe(EXIT.unavailable);
  expect(end.text).toContain("ECONNREFUSED 127.0.0.1:6379");
  expect(end.text).toContain("redis.url");
});

test("an end with words of its own is printed as it is", () => {
  expect(explainExit(new Exit(EXIT.usage, "say more"))).toEqual({ code: 64, text: "say more" });
});
