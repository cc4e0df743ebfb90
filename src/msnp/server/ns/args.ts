import type { Request } from "../connection.ts";

/** The n-th argument. Throws when the client left it out; the command then counts as malformed. */
export function argument(request: Request, index: number): string {
  const value = request.args[index];
  if (value === undefined) throw new Error(`argument ${index + 1} is missing`);
  return value;
}

/** The payload. Throws when there is none. */
export function payloadOf(request: Request): Buffer {
  if (request.payload === undefined) throw new Error("the payload is missing");
  return request.payload;
}
