/** The accounts of a probe: addresses on the command line, passwords from anywhere but there. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Secret } from "../../bridge/secret.ts";
import { describeError, type Email, type MachineGuid, parseEmail, parseMachineGuid } from "../../msnp/index.ts";
import { EXIT, Exit } from "../exit-codes.ts";

export interface ProbeAccount {
  readonly email: Email;
  /** As it was typed: some servers compare addresses with their capitals (source: msnp-core §3.5). */
  readonly handle: string;
  readonly password: Secret;
  /** The same at each probe, so that a server does not gather endpoints. */
  readonly machineGuid: MachineGuid;
}

const MAX_ACCOUNTS = 3;
const PASSWORD_VARIABLE = "MSNBRIDGE_TEST_PASSWORD";

/**
 * Reads `--accounts a,b[,c]`. Passwords come from `--passwords <file>` (a line `address password` for each) or from
 * MSNBRIDGE_TEST_PASSWORD_1, _2 and _3; `fallback` gives those of a network that is made for the probe.
 * @throws Exit when something is missing or makes no sense.
 */
export function readAccounts(
  list: string | undefined,
  source: { file?: string | undefined; env: NodeJS.ProcessEnv; fallback?: (handle: string) => string },
): ProbeAccount[] {
  const handles = (list ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (handles.length > MAX_ACCOUNTS) throw new Exit(EXIT.usage, `a probe plays with at most ${MAX_ACCOUNTS} accounts`);
  const known = source.file === undefined ? new Map<string, string>() : passwordsIn(source.file);
  const accounts = handles.map((handle, i) => {
    const variable = `${PASSWORD_VARIABLE}_${i + 1}`;
    const password = known.get(handle.toLowerCase()) ?? source.env[variable] ?? source.fallback?.(handle);
    if (password === undefined || password === "") {
      const text = `there is no password for ${handle}: set ${variable}, or name a file with lines "address password" by --passwords`;
      throw new Exit(EXIT.usage, text);
    }
    return { email: addressOf(handle), handle, password: new Secret(password), machineGuid: guidOf(handle) };
  });
  if (new Set(accounts.map(({ email }) => email)).size < accounts.length) {
    throw new Exit(EXIT.usage, "--accounts names one account twice; a conversation needs different ones");
  }
  return accounts;
}

function addressOf(handle: string): Email {
  try {
    return parseEmail(handle);
  } catch (error) {
    throw new Exit(EXIT.usage, `--accounts: "${handle}" is no address (${describeError(error)})`);
  }
}

function passwordsIn(file: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Exit(EXIT.usage, `--passwords: ${describeError(error)}`);
  }
  const pairs = text.split(/\r?\n/).map((line) => /^(\S+)\s+(.+)$/.exec(line.trim()));
  return new Map(pairs.flatMap((pair) => (pair?.[1] && pair[2] ? [[pair[1].toLowerCase(), pair[2]] as const] : [])));
}

function guidOf(handle: string): MachineGuid {
  const hex = createHash("sha256").update(`msnbridge probe ${handle.toLowerCase()}`).digest("hex");
  return parseMachineGuid(
    `{${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}}`,
  );
}
