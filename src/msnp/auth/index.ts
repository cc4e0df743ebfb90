import type { AuthKind } from "../dialect/types.ts";
import { md5 } from "./md5.ts";
import { rst } from "./rst.ts";
import { sso } from "./sso.ts";
import { tweener } from "./tweener.ts";
import type { AuthStrategy } from "./types.ts";
import { web } from "./web.ts";

/** The way to sign in that each dialect names. */
export const AUTH_STRATEGIES: Readonly<Record<AuthKind, AuthStrategy>> = { md5, tweener, rst, sso, web };

export type { Msnp11Challenge } from "./challenge.ts";
export { answerChallenge, answerMd5Challenge, answerMsnp11Challenge } from "./challenge.ts";
export { md5Response } from "./md5.ts";
export type { RpsProof } from "./rps.ts";
export { rpsProof, verifyRpsResponse } from "./rps.ts";
export type { RstVersion, TicketSite } from "./rst-request.ts";
export { rstRequest, SERVICE_SITES, SITE } from "./rst-request.ts";
export type { RstAnswer, RstTicket } from "./rst-response.ts";
export { parseRstAnswer } from "./rst-response.ts";
export type {
  AuthContext,
  AuthErrorCode,
  AuthProof,
  AuthStage,
  AuthStrategy,
  ServiceTicket,
  ServiceTickets,
} from "./types.ts";
export { AuthError } from "./types.ts";
