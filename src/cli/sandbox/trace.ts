/** Takes one line of what happened; `source` says where: "matrix anna", "msn bob", "bridge". */
export type Trace = (source: string, line: string) => void;

/**
 * What happened in one scenario, in order and bounded: MSN lines, Matrix calls and bridge logs side by side.
 * The sandbox prints its transcript from it; tests dump it when they fail.
 */
export class TraceRecorder {
  readonly #lines: string[] = [];
  readonly #limit: number;
  readonly #maxLineLength: number;
  readonly #startedAt = performance.now();
  #dropped = 0;

  constructor(limit = 5000, maxLineLength = 2000) {
    this.#limit = limit;
    this.#maxLineLength = maxLineLength;
  }

  /** Appends a line; bound to the recorder, so that it can be handed out as a {@link Trace}. The oldest line goes first. */
  readonly add: Trace = (source, line) => {
    if (this.#lines.length >= this.#limit) {
      const surplus = Math.ceil(this.#limit / 10);
      this.#lines.splice(0, surplus);
      this.#dropped += surplus;
    }
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3).padStart(8);
    const shown =
      line.length > this.#maxLineLength ? `${line.slice(0, this.#maxLineLength)} [${line.length} characters]` : line;
    this.#lines.push(`${seconds} ${source.padEnd(16)} ${shown.replaceAll("\r\n", " | ").replaceAll("\n", " | ")}`);
  };

  /** The last `count` lines, oldest first; all that are kept when `count` is not given. */
  lines(count = this.#limit): readonly string[] {
    return this.#lines.slice(-count);
  }

  /** The whole record as text, saying how much was dropped at its beginning. */
  text(): string {
    const head = this.#dropped > 0 ? `(${this.#dropped} older lines dropped)\n` : "";
    return `${head}${this.#lines.join("\n")}\n`;
  }
}
