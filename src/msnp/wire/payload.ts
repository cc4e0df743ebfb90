/**
 * Says how many bytes follow a line: undefined for none, NaN when the line ought to carry a length but does not.
 * Source: msnp-core §1.3.
 */
export type PayloadRule = (name: string, args: readonly string[]) => number | undefined;

const FROM_SERVER = new Set("MSG NOT IPG GCF UBX UBN UBM FQY NFY GET".split(" "));
/** Those that may be answered with OK and nothing behind it (source: msnp-core §1.3, msnp21 §2.2). */
const FROM_SERVER_MAYBE = new Set("ADL RML UUN UUX SDG PUT DEL".split(" "));
const FROM_CLIENT = new Set("MSG QRY NOT PAG PGD SDC UUX ADL RML FQY UUN UUM VAS PUT DEL SDG".split(" "));

/** A decimal number of bytes; NaN for anything else. Digits beyond what any limit allows stay a (huge) number. */
function parseLength(text: string | undefined): number {
  if (text === undefined || text.length === 0) return Number.NaN;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function optionalLength(text: string | undefined): number | undefined {
  const length = parseLength(text);
  return Number.isNaN(length) ? undefined : length;
}

/** Payloads in what a server sends. Errors with a second, numeric argument carry one, too. */
export const serverToClientPayload: PayloadRule = (name, args) => {
  if (FROM_SERVER.has(name)) return parseLength(args.at(-1));
  if (FROM_SERVER_MAYBE.has(name)) return args.length >= 2 ? optionalLength(args.at(-1)) : undefined;
  if (args.length >= 2 && name.charCodeAt(0) <= 57) return optionalLength(args[1]);
  return undefined;
};

/** Payloads in what a client sends. */
export const clientToServerPayload: PayloadRule = (name, args) =>
  FROM_CLIENT.has(name) ? parseLength(args.at(-1)) : undefined;
