export type Side = ">>>" | "<<<" | "---";

/** One recorded line: `>>>` client to server, `<<<` server to client, `---` what happened to the connection. */
export interface TranscriptLine {
  /** Which connection, such as `NS 3`. */
  readonly connection: string;
  readonly side: Side;
  readonly text: string;
}

export type TraceListener = (line: TranscriptLine) => void;

const HIDDEN = "[sealed]";

/** The last lines of all connections in a ring of fixed size, without tickets, proofs and cookies of sign-ins. */
export class Transcript {
  readonly #size: number;
  readonly #lines: TranscriptLine[] = [];
  readonly #listener: TraceListener | undefined;
  #next = 0;

  /** A size of 0 records nothing and costs nothing. */
  constructor(size: number, listener?: TraceListener) {
    this.#size = size;
    this.#listener = listener;
  }

  get enabled(): boolean {
    return this.#size > 0 || this.#listener !== undefined;
  }

  add(connection: string, side: Side, text: string): void {
    const line = { connection, side, text: side === ">>>" ? withoutSecrets(text) : text };
    this.#listener?.(line);
    if (this.#size === 0) return;
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** The kept lines in order; only those of one connection when it is named. */
  lines(connection?: string): TranscriptLine[] {
    const ordered = [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
    return connection === undefined ? ordered : ordered.filter((line) => line.connection === connection);
  }

  toString(): string {
    return this.lines()
      .map((line) => `${line.connection} ${line.side} ${line.text}`)
      .join("\n");
  }
}

/** `USR trid TWN|SSO S ticket proof guid` and the cookies of `USR`/`ANS` on switchboards. */
function withoutSecrets(text: string): string {
  const words = text.split(" ");
  if (words[0] === "USR" && words[3] === "S") {
    return [...words.slice(0, 4), HIDDEN, ...words.slice(6)].join(" ");
  }
  if (words[0] === "USR" && words.length === 4) return [...words.slice(0, 3), HIDDEN].join(" ");
  if (words[0] === "ANS" && words.length >= 4) return [...words.slice(0, 3), HIDDEN, ...words.slice(4)].join(" ");
  return text;
}
