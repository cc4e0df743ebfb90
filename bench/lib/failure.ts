/** What went wrong, with where and with its causes, as one text. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${describeFailure(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
