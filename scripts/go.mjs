// The one entrance from package.json: brings along what a verb needs, then runs it with Node 24.
// Plain JavaScript without dependencies, because it runs on Node 18 and up in a bare clone.
import { findNode } from "./lib/node.mjs";
import { installPackages } from "./lib/npm.mjs";
import { runAndForward } from "./lib/run.mjs";
import { Problem, say } from "./lib/say.mjs";
import { installSynapse } from "./lib/synapse.mjs";
import { installSystemPackages } from "./lib/system.mjs";
import { VERBS } from "./lib/verbs.mjs";

const [verbName = "", ...args] = process.argv.slice(2);
const verb = Object.hasOwn(VERBS, verbName) ? VERBS[verbName] : undefined;

try {
  if (verb === undefined) {
    throw new Problem(`unknown verb "${verbName}"; there are: ${Object.keys(VERBS).join(", ")}`);
  }
  const needs = verb.needs(args);
  await installPackages();
  await installSystemPackages(needs.system);
  if (needs.synapse) await installSynapse();
  await runAndForward(findNode(), [...verb.run, ...args], verb.env);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  say(error.message);
  process.exitCode = 1;
}
