/**
 * The one catalogue of errors (design §6). Each code says how it may be retried, how sure we are that nothing was sent,
 * and what the person and the operator are told. How a code looks in HTTP is here; how it looks in a home is a table of
 * that home, complete by type.
 */

/** `now`: the lane tries again by itself; `wait`: it holds until the cause is gone; `by-hand`: only when a person asks; `never`: asking again cannot help. */
export type RetryClass = "now" | "wait" | "by-hand" | "never";
/** Whether the words may have reached the other side. */
export type Certainty = "not-sent" | "maybe-sent";

export interface ErrorContext {
  readonly address?: string;
  readonly network?: string;
  readonly stage?: string;
  readonly detail?: string;
  readonly minutes?: number;
  /** Who can help. */
  readonly whom?: string;
  /** Parts of a long message that have arrived. */
  readonly parts?: number;
  /**
   * Why a message cannot go: its sender has blocked the contact, or has not got them on the list. Why a chat has ended: it goes
   * on in another room.
   */
  readonly because?: "blocked" | "stranger" | "moved";
}

interface ErrorRow {
  readonly retry: RetryClass;
  readonly http: number;
  /** What happened, whose fault it is, what to do next. */
  readonly person: (c: ErrorContext) => string;
  readonly operator: string;
}

const who = (c: ErrorContext): string => c.address ?? "The contact";
const net = (c: ErrorContext): string => c.network ?? "the MSN network";
/** At the start of a sentence. */
const Net = (c: ErrorContext): string => c.network ?? "The MSN network";

const rows = {
  "bad-input": {
    retry: "never",
    http: 400,
    person: (c) => `That was not understood: ${c.detail ?? "bad input"}.`,
    operator: "a value from outside did not parse",
  },
  "bad-address": {
    retry: "never",
    http: 400,
    person: (c) => `"${c.address ?? ""}" is not an MSN address. Use the form name@example.com.`,
    operator: "an address did not parse",
  },
  "not-linked": {
    retry: "never",
    http: 409,
    person: () => "You have no MSN account linked here yet. Say `link` to the bridge bot to link one.",
    operator: "a resident without an account wrote to a ghost",
  },
  "not-allowed": {
    retry: "never",
    http: 403,
    person: () => "You may not link accounts on this bridge. Its operator decides who may; ask them.",
    operator: "someone without permission asked for a link page (permissions.link)",
  },
  "not-here": {
    retry: "wait",
    http: 503,
    person: (c) =>
      `${who(c)} is not being served right now: the bridge is starting, or its operator has taken the network out. Try again in a minute.`,
    operator: "an account was addressed whose puppet this worker does not run",
  },
  "already-linked": {
    retry: "never",
    http: 409,
    person: (c) => `${who(c)} is already linked here. Its owner can say \`unlink\` first.`,
    operator: "an account was linked twice",
  },
  "bad-password": {
    retry: "by-hand",
    http: 401,
    person: (c) => `${Net(c)} refused the password of ${who(c)}. Say \`link\` and enter it again.`,
    operator: "the network refused the credentials",
  },
  "sign-in-failed": {
    retry: "wait",
    http: 502,
    person: (c) =>
      `Signing in to ${net(c)} failed at the stage "${c.stage ?? "connect"}": ${c.detail ?? "no reason was given"}. It is not your fault; the bridge tries again by itself.`,
    operator: "a sign-in failed for a reason other than the password",
  },
  "network-down": {
    retry: "wait",
    http: 503,
    person: (c) => `${Net(c)} cannot be reached right now. The message is kept and sent when it is back.`,
    operator: "no puppet connection; the lane holds",
  },
  "network-down-long": {
    retry: "by-hand",
    http: 503,
    person: (c) =>
      `Not sent: ${net(c)} has been out of reach for ${c.minutes ?? "some"} minutes. Say \`retry\` when it is back.`,
    operator: "a message waited longer than it may",
  },
  "signed-out": {
    retry: "by-hand",
    http: 409,
    person: () => "Not sent: your MSN account is signed out here. Say `resume` to the bridge bot, then `retry`.",
    operator: "the account is halted by its owner",
  },
  elsewhere: {
    retry: "by-hand",
    http: 409,
    person: () =>
      "Not sent: your MSN account signed in somewhere else and that ended the bridge's sign-in. Say `resume` to the bridge bot to come back, then `retry`.",
    operator: "OUT OTH",
  },
  "contact-offline": {
    retry: "by-hand",
    http: 409,
    person: (c) =>
      c.because === "stranger"
        ? `Not sent: ${who(c)} is not to be reached, and nothing can be left for somebody who is not in your contact list. Say \`add ${c.address ?? "<address>"}\`, then \`retry\`.`
        : `Not sent: ${who(c)} is offline. Say \`retry\` when they are back.`,
    operator: "the contact is not online",
  },
  "contact-refused": {
    retry: "by-hand",
    http: 403,
    person: (c) =>
      c.because === "blocked"
        ? `Not sent: you have blocked ${who(c)}. Say \`unblock ${c.address ?? "<address>"}\`, then \`retry\`.`
        : `Not sent: ${who(c)} does not take messages from you.`,
    operator: "blocked or not allowed",
  },
  "contact-unknown": {
    retry: "never",
    http: 404,
    person: (c) =>
      `Nothing was changed: ${c.detail ?? `${c.address ?? "the contact"} is not in your contact list`}. Say \`contacts\` to see who is.`,
    operator: "a change of a contact who is not there",
  },
  "contact-known": {
    retry: "never",
    http: 409,
    person: (c) =>
      `Nothing was changed: ${c.detail ?? `${c.address ?? "the contact"} is in your contact list already`}.`,
    operator: "a contact was added twice",
  },
  "list-full": {
    retry: "never",
    http: 409,
    person: (c) =>
      `${Net(c)} does not take more: ${c.detail ?? "your contact list is full"}. Make room with \`remove <address>\` or \`groups delete <group>\` and try again.`,
    operator: "the network's limit of contacts or groups",
  },
  "group-unknown": {
    retry: "never",
    http: 404,
    person: (c) => `Nothing was changed: ${c.detail ?? "you have no group of that name"}. Say \`groups\` to see yours.`,
    operator: "a change of a group that is not there",
  },
  "group-known": {
    retry: "never",
    http: 409,
    person: (c) => `Nothing was changed: ${c.detail ?? "there is a group of that name already"}.`,
    operator: "a group was made twice",
  },
  "change-refused": {
    retry: "never",
    http: 502,
    person: (c) =>
      `${Net(c)} did not make that change${c.detail ? `: ${c.detail}` : ""}. Nothing was changed here either.`,
    operator: "the network refused a change of the contact list",
  },
  "not-offered": {
    retry: "never",
    http: 501,
    person: (c) => `${Net(c)} cannot do that${c.detail ? `: ${c.detail}` : ""}. It is no fault of yours.`,
    operator: "the account's MSNP version has no such feature",
  },
  "not-signed-in": {
    retry: "never",
    http: 409,
    person: (c) => `${who(c)} is not signed in right now, so nothing was changed. Say \`status\` to see why.`,
    operator: "a change was asked for while the puppet was not on",
  },
  "puppet-refused": {
    retry: "never",
    http: 403,
    person: (c) => `Your chat server did not accept that: ${c.detail ?? "no reason was given"}. Nothing was kept.`,
    operator: "an access token for double puppeting was not the resident's own, or is not valid",
  },
  "send-uncertain": {
    retry: "by-hand",
    http: 504,
    person: (c) =>
      c.parts
        ? `Only the first ${c.parts} part(s) of this long message are known to have reached ${c.address ?? "the contact"}. Say \`retry\` to send all of it again.`
        : `The network did not confirm this message${c.address ? ` to ${c.address}` : ""}; it may or may not have arrived. Say \`retry\` to send it again.`,
    operator: "no acknowledgement",
  },
  "send-failed": {
    retry: "by-hand",
    http: 502,
    person: (c) => `Not sent: ${c.detail ?? "the MSN server refused the message"}. Say \`retry\` to try again.`,
    operator: "the network refused a message",
  },
  "rate-limited": {
    retry: "now",
    http: 429,
    person: () => "The MSN server asks to go slower; the message is kept and sent in a moment.",
    operator: "the network's rate limit",
  },
  unsupported: {
    retry: "never",
    http: 415,
    person: (c) => `Not sent: ${c.detail ?? "this kind of message"} cannot go to MSN.`,
    operator: "content that has no form on the network",
  },
  encrypted: {
    retry: "never",
    http: 415,
    person: () => "This room is encrypted and the bridge cannot read it. Start a chat without encryption.",
    operator: "an encrypted room",
  },
  "home-down": {
    retry: "wait",
    http: 503,
    person: () => "The chat server does not answer.",
    operator: "the home does not answer; the lane holds",
  },
  "home-busy": {
    retry: "now",
    http: 429,
    person: () => "The chat server asks to go slower.",
    operator: "the home's rate limit",
  },
  "home-refused": {
    retry: "never",
    http: 502,
    person: (c) => `The chat server refused this: ${c.detail ?? "no reason was given"}.`,
    operator: "the home refused a request for good",
  },
  "link-expired": {
    retry: "never",
    http: 410,
    person: () => "This link has expired, was used, or never existed. Say `link` to the bridge bot for a new one.",
    operator: "a link token was not valid",
  },
  "too-many-tries": {
    retry: "never",
    http: 429,
    person: () => "Too many tries. Say `link` to the bridge bot for a new page.",
    operator: "a link page was tried too often",
  },
  "store-down": {
    retry: "now",
    http: 503,
    person: () => "The bridge cannot reach its store right now; it tries again by itself.",
    operator: "Redis does not answer",
  },
  "not-nudged": {
    retry: "never",
    http: 409,
    person: (c) => `Not nudged: ${c.detail ?? "it did not go out"}.`,
    operator: "a nudge that did not go out; nudges are not kept",
  },
  "group-gone": {
    retry: "by-hand",
    http: 410,
    person: (c) =>
      `Not sent: ${c.detail ?? "this group conversation is over, or nobody of it can be reached now"}. Say \`retry\` when somebody is there.`,
    operator: "a group conversation that is over, or that nobody could be called into",
  },
  "not-in-group": {
    retry: "never",
    http: 403,
    person: (c) =>
      `Not sent: ${c.detail ?? "you have no MSN account in this group, and nobody speaks for those who have none"}. Link one that is in it, or have somebody of it say \`relay set\`; what you say from then on goes. I say this once an hour.`,
    operator: "words of a resident who has neither a seat in the group nor a relay",
  },
  "relay-away": {
    retry: "by-hand",
    http: 409,
    person: (c) =>
      `Not sent: ${who(c)}, which speaks here for those without an account, ${c.detail ?? "is not signed in"}. It is not yours to mend: ask ${c.whom ?? "its owner"}, who has set it. Say it again when it is back.`,
    operator: "words for a relay that is halted",
  },
  "relay-gone": {
    retry: "never",
    http: 403,
    person: () =>
      "Not sent: what was to carry this into the group does so no more; you have no MSN account in it, and nobody speaks for those who have none. Link one that is in it, or have somebody of it say `relay set`; then say it again.",
    operator: "words that waited for a relay, or for an account of their sender's, that is in the group no more",
  },
  "group-refused": {
    retry: "never",
    http: 403,
    person: (c) => `That was not done: ${c.detail ?? "the group does not allow it"}.`,
    operator: "somebody lacks the power for it, in a group or in a room",
  },
  "room-unknown": {
    retry: "never",
    http: 404,
    person: (c) => `There is no such room: ${c.detail ?? "it was not found"}. Give its full address.`,
    operator: "a room that somebody named was not found",
  },
  "room-gone": {
    retry: "by-hand",
    http: 410,
    person: (c) =>
      `That room cannot be used any more${c.detail ? `: ${c.detail}` : ""}. Ask the bridge bot back into it and say \`portal resume\`, then \`retry\`; or \`unbridge\` it.`,
    operator: "a room is gone, or the bridge was removed from it",
  },
  "chat-ended": {
    retry: "never",
    http: 410,
    person: (c) =>
      c.because === "moved"
        ? "This chat goes on in the room into which you have asked me last, and I leave this one."
        : `This chat has ended here${c.detail ? `: ${c.detail}` : ""}. The next words in it open a new one.`,
    operator: "a chat that a person has deleted or moved, or out of whose room the bridge was banned",
  },
  "lane-full": {
    retry: "wait",
    http: 507,
    person: () => "Too many messages are waiting in this chat; the bridge takes more when they have gone out.",
    operator: "a lane holds as many entries as it may",
  },
  fenced: {
    retry: "never",
    http: 409,
    person: () => "Another worker has taken over.",
    operator: "a write came with an old fencing token",
  },
  internal: {
    retry: "by-hand",
    http: 500,
    person: () =>
      "Something went wrong inside the bridge. The operator can see it in the log; say `retry` to try again.",
    operator: "a defect of the bridge",
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof rows;
export const ERROR_CODES = Object.keys(rows) as readonly ErrorCode[];

/** An error of the catalogue. `message` is for the log; {@link BridgeError.person} is for the person. */
export class BridgeError extends Error {
  override readonly name = "BridgeError";
  readonly code: ErrorCode;
  readonly context: ErrorContext;
  readonly certainty: Certainty;
  /** When the other side said how long to wait: ms. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    context: ErrorContext = {},
    options: { cause?: unknown; certainty?: Certainty; retryAfterMs?: number } = {},
  ) {
    super(`${code}: ${rows[code].operator}${context.detail ? ` (${context.detail})` : ""}`, { cause: options.cause });
    this.code = code;
    this.context = context;
    this.certainty = options.certainty ?? (code === "send-uncertain" ? "maybe-sent" : "not-sent");
    this.retryAfterMs = options.retryAfterMs;
  }

  get retry(): RetryClass {
    return rows[this.code].retry;
  }

  get http(): number {
    return rows[this.code].http;
  }

  /** What a person is told of it, and what is kept with words that it has stopped. */
  get failure(): import("./model.ts").Failure {
    return { code: this.code, text: this.person, certainty: this.certainty };
  }

  get person(): string {
    const row: ErrorRow = rows[this.code];
    return row.person(this.context);
  }
}

/** Any thrown value as a catalogue error; what is not one already is a defect of ours (`internal`). */
export function asBridgeError(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  return new BridgeError(
    "internal",
    { detail: error instanceof Error ? error.message : String(error) },
    { cause: error },
  );
}
