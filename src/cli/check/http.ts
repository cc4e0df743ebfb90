/** One HTTP request of a check: bounded in time and size, and an error that says in words why there was no answer. */

export interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

const TIMEOUT_MS = 10_000;
const MAX_CHARACTERS = 1_000_000;

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await bounded(response);
  try {
    const json: unknown = JSON.parse(text);
    return { status: response.status, json: typeof json === "object" && json !== null ? { ...json } : {} };
  } catch {
    return { status: response.status, json: {} };
  }
}

async function bounded(response: Response): Promise<string> {
  let text = "";
  if (response.body === null) return text;
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.length > MAX_CHARACTERS) break;
  }
  return text;
}

/** Why a request got no answer. */
export function noAnswer(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : error.message;
}
