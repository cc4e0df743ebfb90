/** One module that a source file names, and the line (from 1) where it does. */
export interface ImportSite {
  readonly line: number;
  /** undefined when it is computed, as in `import(name)`. */
  readonly specifier: string | undefined;
}

interface Masked {
  /** The source with comments, regular expressions and the insides of strings blanked out; offsets are unchanged. */
  readonly code: string;
  /** What stood between the quotes, by the offset of the opening quote. */
  readonly strings: ReadonlyMap<number, string>;
}

/** import … from "x", export … from "x", import "x", import("x") (also as a type), require("x"). */
const FORMS = [
  /\b(?:import|export)\b[\w$\s{},*]*?\bfrom\s*(")/dg,
  /\bimport\s*(")/dg,
  /\b(?:import|require)\s*\(\s*(.)/dgs,
];

/** Every module that TypeScript or JavaScript source names, also by re-export, dynamic import and import type. */
export function findImports(source: string): ImportSite[] {
  const { code, strings } = maskLiterals(source);
  const sites: (ImportSite & { offset: number })[] = [];
  for (const form of FORMS) {
    for (const match of code.matchAll(form)) {
      if (code[match.index - 1] === ".") continue; // a method that happens to be called so
      const offset = match.indices?.[1]?.[0] ?? match.index;
      sites.push({ offset, line: lineAt(source, offset), specifier: strings.get(offset) });
    }
  }
  return sites.sort((a, b) => a.offset - b.offset).map(({ line, specifier }) => ({ line, specifier }));
}

/** Line number (from 1) of an offset. */
export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}

/** Blanks what is not code. All quotes come out as `"`. Template substitutions stay code. */
export function maskLiterals(source: string): Masked {
  const strings = new Map<number, string>();
  const templateDepths: number[] = [];
  let depth = 0;
  let code = "";
  let at = 0;

  const blank = (end: number): void => {
    code += source.slice(at, end).replaceAll(/[^\n]/g, " ");
    at = end;
  };
  const template = (): void => {
    const from = at + 1;
    let end = from;
    while (end < source.length && source[end] !== "`" && !source.startsWith("${", end)) {
      end += source[end] === "\\" ? 2 : 1;
    }
    const closed = source[end] === "`";
    if (closed && source[at] === "`") {
      quote(end);
      return;
    }
    if (!closed) templateDepths.push(depth++);
    blank(Math.min(source.length, end + (closed ? 1 : 2)));
  };
  const quote = (end: number): void => {
    strings.set(at, source.slice(at + 1, end));
    code += `"${source.slice(at + 1, end).replaceAll(/[^\n]/g, " ")}"`;
    at = end + 1;
  };

  while (at < source.length) {
    const char = source[at] ?? "";
    if (source.startsWith("//", at)) blank(endOf(source, at, "\n"));
    else if (source.startsWith("/*", at)) blank(endOf(source, at, "*/") + 2);
    else if (char === '"' || char === "'") quote(closing(source, at, char));
    else if (char === "`") template();
    else if (char === "}" && templateDepths.at(-1) === depth - 1) {
      depth = templateDepths.pop() ?? 0;
      template();
    } else if (char === "/" && startsRegExp(code)) blank(endOfRegExp(source, at));
    else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      code += char;
      at++;
    }
  }
  return { code, strings };
}

function endOf(source: string, from: number, mark: string): number {
  const end = source.indexOf(mark, from);
  return end === -1 ? source.length : end;
}

function closing(source: string, from: number, quote: string): number {
  let end = from + 1;
  while (end < source.length && source[end] !== quote && source[end] !== "\n") end += source[end] === "\\" ? 2 : 1;
  return Math.min(end, source.length);
}

/** A slash divides after a value; elsewhere it opens a regular expression. */
function startsRegExp(codeBefore: string): boolean {
  const before = codeBefore.trimEnd();
  if (/\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/.test(before)) return true;
  return !/[\w$)\]}"]$/.test(before);
}

function endOfRegExp(source: string, from: number): number {
  let inClass = false;
  let end = from + 1;
  for (; end < source.length && source[end] !== "\n"; end++) {
    const char = source[end];
    if (char === "\\") end++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return end + 1;
  }
  return end;
}
