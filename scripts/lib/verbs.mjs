const NOTHING = { system: [], synapse: false };
const PROSODY = ["prosody", "prosody-modules", "openssl"];
const SERVERS = { system: ["redis-server", ...PROSODY], synapse: true };
const SERVERS_AND_BROWSER = { system: ["redis-server", "chromium", ...PROSODY], synapse: true };
const ALL = { system: [...SERVERS_AND_BROWSER.system, "ejabberd"], synapse: true };

/** Unit tests alone need no server: so `npm test -- test/unit/msnp` runs on any machine. */
function neededByTests(args) {
  const paths = args.filter((arg) => !arg.startsWith("-"));
  const onlyUnit = paths.length > 0 && paths.every((path) => path.replace(/^\.\//, "").startsWith("test/unit"));
  return onlyUnit ? NOTHING : ALL;
}

/** What each verb of package.json runs (arguments of Node, from the project's folder) and what it needs for that. */
export const VERBS = {
  msnbridge: { run: ["src/cli/main.ts"], needs: () => NOTHING },
  sandbox: { run: ["src/cli/main.ts", "sandbox"], needs: () => SERVERS_AND_BROWSER },
  test: { run: ["scripts/test.ts"], needs: neededByTests },
  "test:long": { run: ["scripts/test.ts"], needs: neededByTests, env: { MSNBRIDGE_LONG: "1" } },
  bench: { run: ["bench/main.ts"], needs: () => SERVERS },
  check: { run: ["scripts/check.ts"], needs: () => NOTHING },
  format: { run: ["node_modules/@biomejs/biome/bin/biome", "check", "--write"], needs: () => NOTHING },
};
