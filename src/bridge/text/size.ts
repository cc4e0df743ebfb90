/** Bytes that a value takes as JSON, which is how words are stored and sent: a control character takes six there. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
