/** Getting the answers: from flags, and the rest from a person when there is one. */
import { createInterface, type Interface } from "node:readline/promises";
import { EXIT, Exit } from "../exit-codes.ts";
import { type Answers, QUESTIONS, type Question } from "./answers.ts";

export interface Terminal {
  /** One line from the person; undefined when there is nobody (any more). */
  readonly prompt: (text: string) => Promise<string | undefined>;
  readonly say: (text: string) => void;
  close(): void;
}

/** The terminal that the program was started from; nobody when standard input is no terminal. */
export function openTerminal(): Terminal {
  const input = process.stdin.isTTY ? createInterface({ input: process.stdin, output: process.stdout }) : undefined;
  return {
    prompt: async (text) => (input === undefined ? undefined : question(input, text)),
    say: (text) => console.log(text),
    close: () => input?.close(),
  };
}

async function question(input: Interface, text: string): Promise<string | undefined> {
  const gone = new AbortController();
  input.once("close", () => gone.abort());
  try {
    return await input.question(text, { signal: gone.signal });
  } catch {
    return undefined;
  }
}

/**
 * An answer to each question. Flags are taken as they are, once their form is right; a person is asked for the others, and asked again
 * when an answer does not work (the same answer twice is taken). With nobody to ask, the proposals are taken.
 * @throws Exit when a flag's form is wrong, or an answer that has no proposal is missing.
 */
export async function collectAnswers(
  flags: Partial<Answers>,
  terminal: Terminal,
  questions: readonly Question[] = QUESTIONS,
): Promise<Answers> {
  const answers: { -readonly [K in keyof Answers]?: string } = {};
  for (const question of questions) {
    const given = flags[question.key];
    answers[question.key] =
      given === undefined
        ? await askFor(question, answers, terminal)
        : await takeFlag(question, given, answers, terminal);
  }
  return answers as Answers;
}

async function takeFlag(question: Question, given: string, so: Partial<Answers>, terminal: Terminal): Promise<string> {
  const fault = question.fault(given, so);
  if (fault !== undefined) throw new Exit(EXIT.usage, `${question.flag} ${given}: ${fault}`);
  const trouble = await question.trouble?.(given, so);
  if (trouble !== undefined) terminal.say(`  (taken all the same: ${trouble})`);
  return given;
}

async function askFor(question: Question, so: Partial<Answers>, terminal: Terminal): Promise<string> {
  const fallback = await question.fallback(so);
  let doubted: string | undefined;
  for (;;) {
    const line = await terminal.prompt(`${question.text}${fallback === undefined ? "" : ` [${fallback}]`} `);
    if (line === undefined) return withoutPerson(question, fallback);
    const answer = line.trim() === "" ? fallback : line.trim();
    if (answer === undefined) continue;
    const fault = question.fault(answer, so);
    if (fault !== undefined) {
      terminal.say(`  ${fault}`);
      continue;
    }
    const trouble = answer === doubted ? undefined : await question.trouble?.(answer, so);
    if (trouble === undefined) return answer;
    terminal.say(`  ${trouble}. To take it all the same, give the same answer again.`);
    doubted = answer;
  }
}

function withoutPerson(question: Question, fallback: string | undefined): string {
  if (fallback !== undefined) return fallback;
  throw new Exit(EXIT.usage, `${question.flag} is needed when there is nobody to ask. ${question.text}`);
}
