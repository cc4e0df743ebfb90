import { createHash } from "node:crypto";
import { AuthError, type AuthProof, type AuthStrategy } from "./types.ts";

/** Answer to `USR trid MD5 S salt` of MSNP2-7 (source: msnp-core §3.2). */
export function md5Response(salt: string, password: string): string {
  return createHash("md5").update(salt).update(password).digest("hex");
}

/** A hash of salt and password, MSNP2-7 (source: msnp-core §3.2). */
export const md5: AuthStrategy = {
  scheme: "MD5",
  provesPassword: true,
  async prove(challenge, context): Promise<AuthProof> {
    const salt = challenge[0];
    if (salt === undefined) throw new AuthError("ticket", "protocol", "The server sent no login challenge");
    return { args: ["MD5", "S", md5Response(salt, context.password())] };
  },
};
