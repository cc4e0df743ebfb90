// Makes dist/ for the published package: Node strips no types from files under node_modules. `npm pack` calls it (prepack).
// An argument names another folder for the result.
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "dist"));

rmSync(out, { recursive: true, force: true });
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", out], {
  stdio: "inherit",
});
if (status === 0) cpSync(join(root, "src", "web", "assets"), join(out, "web", "assets"), { recursive: true });
process.exitCode = status ?? 1;
