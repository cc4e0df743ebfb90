/** Base of every error this library throws; `code` is stable and meant for programs, `message` for people. */
export class MsnpError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The text of any thrown value, for the `detail` of another error. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : undefined;
  return cause === undefined || error.message.includes(cause.message)
    ? error.message
    : `${error.message}: ${cause.message}`;
}
