import { BridgeError, ERROR_CODES } from "../../../src/bridge/errors.ts";
import { NOTE, table } from "./text.ts";

const RETRY: Readonly<Record<string, string>> = {
  now: "by itself, at once",
  wait: "by itself, when the cause is gone",
  "by-hand": "when the person says `retry`",
  never: "no",
};

/** `docs/errors.md`: what people and operators are told, by code. */
export function errorDocs(): string {
  const example = { address: "bob@example.com", network: "Escargot", stage: "connect", detail: "…", minutes: 60 };
  const rows = ERROR_CODES.map((code) => {
    const error = new BridgeError(code, example);
    // The log's text is "code: words (detail)".
    const operator = error.message.slice(code.length + 2).replace(/ \(…\)$/, "");
    return [`\`${code}\``, error.person, operator, RETRY[error.retry] ?? error.retry, String(error.http)];
  });
  return `# Errors

${NOTE}

Everything that can go wrong has a code. The code stands in the log (\`err.code\`), the text goes to the person concerned. The
names in the texts are examples.

${table(["code", "what the person reads", "what the operator reads", "tried again", "HTTP"], rows)}
`;
}
