/** A conversation as its two sides saw it, printed side by side. */
export class Transcript {
  readonly #rows: { readonly at: number; readonly side: "matrix" | "msn"; readonly text: string }[] = [];
  readonly #start = performance.now();

  matrix(text: string): void {
    this.#rows.push({ at: performance.now() - this.#start, side: "matrix", text });
  }

  msn(text: string): void {
    this.#rows.push({ at: performance.now() - this.#start, side: "msn", text });
  }

  /** Two columns of `width` characters; what happens on one side stands on that side. */
  render(width = 58): string {
    const rule = `${"─".repeat(8)}┬${"─".repeat(width + 2)}┬${"─".repeat(width + 1)}`;
    const lines = [`${"seconds".padStart(7)} │ ${"Matrix".padEnd(width)} │ MSN`, rule.replaceAll("┬", "┼")];
    for (const row of this.#rows) {
      const time = (row.at / 1000).toFixed(2).padStart(7);
      for (const [i, part] of wrap(row.text, width).entries()) {
        const left = (row.side === "matrix" ? part : "").padEnd(width);
        const right = row.side === "msn" ? part : "";
        lines.push(`${i === 0 ? time : "       "} │ ${left} │ ${right}`.trimEnd());
      }
    }
    return lines.join("\n");
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
