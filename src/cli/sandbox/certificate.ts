import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { promisify } from "node:util";

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

const run = promisify(execFile);
const DAYS = 30;

/**
 * A certificate that signs itself, for these host names, made by openssl in `dir` (or the one that lies there already).
 *
 * @throws Error when openssl is not installed
 */
export async function makeCertificate(dir: string, names: readonly [string, ...string[]]): Promise<CertificateFiles> {
  const files = { certificate: join(dir, "server.crt"), key: join(dir, "server.key") };
  if (existsSync(files.certificate)) return files;
  mkdirSync(dir, { recursive: true });
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", `/CN=${names[0]}`, "-addext", `subjectAltName=${names.map((n) => `DNS:${n}`).join(",")}`];
  const out = ["-days", String(DAYS), "-keyout", files.key, "-out", files.certificate];
  await run("openssl", ["req", "-x509", ...kind, ...subject, ...out], { timeout: 30_000 }).catch((cause: unknown) => {
    throw new Error("openssl cannot make a certificate; is it installed?", { cause });
  });
  return files;
}

/**
 * Lets every TLS connection of this process accept what this certificate has signed. For tests and the sandbox only:
 * xmpp.js takes no certificates of its own and asks Node's default ones. Source: stack §C2.
 */
export function trustInThisProcess(pem: string): void {
  const known = getCACertificates("default");
  if (!known.includes(pem)) setDefaultCACertificates([...known, pem]);
}
