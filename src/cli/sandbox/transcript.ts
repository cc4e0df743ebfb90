const SIDES = ["Matrix", "XMPP", "MSN"] as const;

type Side = (typeof SIDES)[number];

/** A conversation as its sides saw it, printed side by side. */
export class Transcript {
  readonly #rows: { readonly at: number; readonly side: Side; readonly text: string }[] = [];
  readonly #start = performance.now();

  matrix(text: string): void {
    this.#add("Matrix", text);
  }

  xmpp(text: string): void {
    this.#add("XMPP", text);
  }

  msn(text: string): void {
    this.#add("MSN", text);
  }

  /** A column of `width` characters for each side on which something happened. */
  render(width = 58): string {
    const sides = SIDES.filter((side) => this.#rows.some((row) => row.side === side));
    const line = (time: string, columns: readonly string[]): string =>
      [time.padStart(7), ...columns.map((text) => text.padEnd(width))].join(" │ ").trimEnd();
    const rule = [8, ...sides.map((_, i) => width + (i === sides.length - 1 ? 1 : 2))].map((n) => "─".repeat(n));
    const lines = [line("seconds", sides), rule.join("┼")];
    for (const row of this.#rows) {
      for (const [i, part] of wrap(row.text, width).entries()) {
        const columns = sides.map((side) => (side === row.side ? part : ""));
        lines.push(line(i === 0 ? (row.at / 1000).toFixed(2) : "", columns));
      }
    }
    return lines.join("\n");
  }

  #add(side: Side, text: string): void {
    this.#rows.push({ at: performance.now() - this.#start, side, text });
  }
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = "";
      }
      line = line === "" ? word : `${line} ${word}`;
      while (line.length > width) {
        lines.push(line.slice(0, width));
        line = line.slice(width);
      }
    }
    lines.push(line);
  }
  return lines;
}
