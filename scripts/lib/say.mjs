/** Something that the person at the keyboard can mend; printed without a stack. */
export class Problem extends Error {}

/** To stderr, so that what a verb prints on stdout can be piped. */
export function say(text) {
  process.stderr.write(`msnbridge: ${text}\n`);
}
