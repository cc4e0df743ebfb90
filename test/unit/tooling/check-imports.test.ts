import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { checkImports } from "../../../scripts/check-imports.ts";
import { tempProject } from "../../support/temp-project.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** What the rule says about one file. */
function faultsOf(file: string, source: string): string[] {
  return checkImports(tempProject({ [file]: source })).map((fault) => `${fault.file}:${fault.line} ${fault.text}`);
}

test("the project keeps its own rule", () => {
  expect(checkImports(ROOT)).toEqual([]);
});

test.each([
  ["src/msnp/client/a.ts", "../../bridge/model.ts", "src/msnp imports src/bridge"],
  ["src/bridge/a.ts", "../msnp/index.ts", "src/bridge imports src/msnp"],
  ["src/msn/a.ts", "../store/a.ts", "src/msn imports src/store"],
  ["src/matrix/a.ts", "../msn/a.ts", "src/matrix imports src/msn"],
  ["src/matrix/convert/a.ts", "../../msnp/message/index.ts", "src/matrix imports src/msnp"],
  ["src/xmpp/a.ts", "../matrix/a.ts", "src/xmpp imports src/matrix"],
  ["src/store/a.ts", "../config/load.ts", "src/store imports src/config"],
  ["src/web/a.ts", "../store/a.ts", "src/web imports src/store"],
  ["src/config/a.ts", "../cli/main.ts", "src/config imports src/cli"],
])("%s may not import %s", (file, target, fault) => {
  expect(faultsOf(file, `// a comment\nimport { a } from "${target}";\n`)).toEqual([
    expect.stringContaining(`${file}:2 ${fault}`),
  ]);
});

test.each([
  ["src/msnp/server/ns.ts", "../wire/index.ts"],
  ["src/msn/a.ts", "../msnp/index.ts"],
  ["src/msn/a.ts", "../bridge/model.ts"],
  ["src/matrix/convert/a.ts", "../../bridge/model.ts"],
  ["src/cli/a.ts", "../matrix/a.ts"],
  ["src/msnp/a.ts", "node:net"],
  ["src/store/a.ts", "ioredis"],
])("%s may import %s", (file, target) => {
  expect(faultsOf(file, `import { a } from "${target}";\n`)).toEqual([]);
});

test.each([
  ["src/bridge/a.ts", "ioredis"],
  ["src/matrix/a.ts", "ioredis"],
  ["src/web/a.ts", "matrix-appservice-bridge"],
  ["src/msnp/a.ts", "pino"],
  ["src/matrix/a.ts", "saxes"],
  ["src/store/a.ts", "fastify"],
  ["src/cli/a.ts", "left-pad"],
])("%s may not use the package %s", (file, name) => {
  expect(faultsOf(file, `import a from "${name}/lib/part.js";\n`)).toEqual([
    expect.stringContaining(`imports the package ${name}; it may import:`),
  ]);
});

test.each([
  ["a type", 'import type { A } from "../store/a.ts";'],
  ["several lines", 'import {\n  a,\n  type B,\n} from "../store/a.ts";'],
  ["everything", "import * as all from '../store/a.ts';"],
  ["the effect", 'import "../store/a.ts";'],
  ["a re-export", 'export { a } from "../store/a.ts";'],
  ["a re-export of all", 'export * from "../store/a.ts";'],
  ["a dynamic import", 'const a = await import("../store/a.ts");'],
  ["a dynamic import by template", "const a = await import(`../store/a.ts`);"],
  ["an import type", 'let a: import("../store/a.ts").A;'],
  ["require", 'const a = require("../store/a.ts");'],
  ["no spaces", 'import{a}from"../store/a.ts"'],
  ["after tricky code", 'const r = /["`]/; const t = `a $' + '{"}"} // $' + '{`b`}`; import("../store/a.ts");'],
])("the rule sees %s", (_form, source) => {
  expect(faultsOf("src/matrix/a.ts", source)).toEqual([expect.stringContaining("src/matrix imports src/store")]);
});

test.each([
  ["a comment", '// import { a } from "../store/a.ts"\n/* export * from "../store/a.ts" */'],
  ["a string", "const text = 'import { a } from \"../store/a.ts\"';"],
  ["a template", 'const text = `import "../store/a.ts" $' + "{1 + 1} import('../store/a.ts')`;"],
  ["a method of that name", 'loader.import("../store/a.ts");'],
  ["a division", 'const ratio = a / b; const text = "c / d";'],
])("the rule is not fooled by %s", (_form, source) => {
  expect(faultsOf("src/matrix/a.ts", source)).toEqual([]);
});

test("a computed import is refused, because nobody can check it", () => {
  expect(faultsOf("src/cli/a.ts", "await import(name);")).toEqual([expect.stringContaining("computed path")]);
});

test("the core may not name the homes it serves, not even in a comment", () => {
  expect(faultsOf("src/bridge/a.ts", "// for the Matrix side\nexport const a = 1;\nconst xmppRoom = 2;\n")).toEqual([
    expect.stringContaining('src/bridge/a.ts:1 src/bridge names "Matrix"'),
    expect.stringContaining('src/bridge/a.ts:3 src/bridge names "xmppRoom"'),
  ]);
});

test("code outside the rooms, and imports that leave src/, are refused", () => {
  expect(faultsOf("src/misc/a.ts", "export {};")).toEqual([expect.stringContaining("misc is no room of src/")]);
  expect(faultsOf("src/cli/a.ts", 'import "../../test/support/a.ts";')).toEqual([
    expect.stringContaining("lies outside src/"),
  ]);
});

test("the check as a program fails when the rule is broken, and names file and line", () => {
  const root = tempProject({ "src/bridge/portal.ts": '\nimport { x } from "../msn/session.ts";\n' });
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
  const run = (): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ["scripts/check-imports.ts"], { cwd: root, encoding: "utf8" });
  const broken = run();
  expect(broken.stdout).toContain("src/bridge/portal.ts:2 src/bridge imports src/msn (../msn/session.ts)");
  expect(broken.status).toBe(1);
});
