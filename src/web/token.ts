/** The tokens of link pages, and the proof that a form was filled in on our own page. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { LinkDesk } from "../bridge/ports/linking.ts";
import type { LinkTicketStore } from "../bridge/ports/store.ts";
import { Secret } from "../bridge/secret.ts";

/** What a log may say about a link token: 8 characters of its hash. */
export function tokenMark(token: Secret): string {
  return createHash("sha256").update(token.open()).digest("base64url").slice(0, 8);
}

/** The desk that hands out pages: 256 random bits, kept by the store as a hash. */
export function createDesk(tickets: LinkTicketStore, minutes: number, address: () => string): LinkDesk {
  return {
    async issue(ticket) {
      const token = new Secret(randomBytes(32).toString("base64url"));
      await tickets.issueTicket(token, ticket, minutes * 60_000);
      return { url: `${address()}/${ticket.purpose ?? "link"}/${token.open()}`, minutes };
    },
  };
}

/** Name of the form cookie: one per page, so that two open pages do not disturb each other. */
export function formCookieName(token: Secret, secure: boolean): string {
  // __Host-: only over https, only for this very host, so that no neighbouring site can plant one.
  return `${secure ? "__Host-" : ""}msnb-form-${tokenMark(token)}`;
}

const NONCE = /^[A-Za-z0-9_-]{22}$/;

/** The nonce that the cookie brought, or a new one. */
export function formNonce(cookie: string | undefined): string {
  return cookie !== undefined && NONCE.test(cookie) ? cookie : randomBytes(16).toString("base64url");
}

/** The value of the hidden field: bound to the cookie's nonce and to the page's token (double submit). */
export function formProof(token: Secret, nonce: string): string {
  return createHmac("sha256", token.open()).update(`form ${nonce}`).digest("base64url");
}

export function proofFits(token: Secret, cookie: string | undefined, field: string): boolean {
  if (cookie === undefined || !NONCE.test(cookie)) return false;
  const wanted = Buffer.from(formProof(token, cookie));
  const given = Buffer.from(field);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/**
 * Whether the browser says that the form was sent from our own pages. Our pages send no referrer, and then browsers may
 * write `Origin: null`; it is believed only where nothing else contradicts, and the form cookie decides.
 */
export function sameSite(headers: { origin?: string; site?: string }, ownOrigin: string): boolean {
  if (headers.site !== undefined && headers.site !== "same-origin") return false;
  return headers.origin === undefined || headers.origin === "null" || headers.origin === ownOrigin;
}
