import { createHash } from "node:crypto";

/** Answer to `USR trid MD5 S salt` of MSNP2-7 (source: msnp-core §3.2). */
export function md5Response(salt: string, password: string): string {
  return createHash("md5").update(salt).update(password).digest("hex");
}
