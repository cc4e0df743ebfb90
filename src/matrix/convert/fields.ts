/** Reading JSON of strangers: a homeserver passes on whatever their clients have put into an event. Pure. */

/** A JSON object of which nothing else is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as a JSON object; without any fields when it is something else, a list too. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
