/** Forms of private pages: a cookie and a hidden field that prove that a form was filled in on our own page. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Secret } from "../bridge/secret.ts";
import { formCookieName, formNonce, formProof, proofFits, sameSite } from "./token.ts";

export interface FormParts {
  /** The public address. */
  readonly address: () => string;
  /** How long a page works. */
  readonly linkMinutes: number;
}

function isSecure(parts: FormParts): boolean {
  return parts.address().startsWith("https:");
}

/** Sets the page's cookie; gives the text of the hidden field `proof`. */
export function beginForm(parts: FormParts, request: FastifyRequest, reply: FastifyReply, token: Secret): string {
  const cookie = formCookieName(token, isSecure(parts));
  const nonce = formNonce(request.cookies[cookie]);
  // Lax, not Strict: coming from a chat the cookie must be seen again, or a page that is open already would stop working.
  reply.setCookie(cookie, nonce, {
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    secure: isSecure(parts),
    maxAge: parts.linkMinutes * 60,
  });
  return formProof(token, nonce);
}

/** Whether a form comes from the page that was shown. */
export function isFromOurPage(parts: FormParts, request: FastifyRequest, token: Secret, proof: string): boolean {
  const { origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  const headers = { ...(origin === undefined ? {} : { origin }), ...(typeof site === "string" ? { site } : {}) };
  if (!sameSite(headers, new URL(parts.address()).origin)) return false;
  return proofFits(token, request.cookies[formCookieName(token, isSecure(parts))], proof);
}
