/**
 * Does a line to the bot carry a password? Passwords belong on the one-time page only; a line that looks like one is never
 * stored and never logged. The rules lean towards "yes": a wrong yes costs a hint, a wrong no costs a password.
 */
const LINK_VERBS = new Set(["link", "relink"]);
const LOGIN_VERBS = new Set(["login", "log-in", "logon", "relogin", "signin", "sign-in", "auth"]);
const PASSWORD_VERBS = new Set(["password", "passwd", "passphrase", "passwort", "pass", "pwd", "pw"]);
const NAMED = /\bpass(?:word|wort|wd|phrase)?\s*(?:[:=]|\bis\b)\s*\S/i;
/** Nobody types a password behind this many characters, and a huge message must not cost time. */
const LOOKED_AT = 2000;
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const ADDRESS_AND_MORE = /^[^\s@:]+@[^\s@:]+\.[^\s@:]+[:;,|/]\S+$/;
/** One word that is no word of a language, as a person answers who was asked to link: letters and digits mixed. */
const BARE = /^(?=.*[A-Za-z])(?=.*\d)(?!https?:)[\x21-\x7e]{6,64}$/;

/** What follows the bot's prefix and slashes, cut into words. */
function words(line: string): string[] {
  return line
    .trim()
    .replace(/^!msn\b/i, "")
    .trim()
    .replace(/^[!/]+/, "")
    .split(/\s+/)
    .filter((word) => word !== "");
}

/**
 * @param said the message without its reply fallback
 * @param networks names that may follow `link` by themselves
 */
export function carriesPassword(said: string, networks: readonly string[]): boolean {
  const line = said.slice(0, LOOKED_AT);
  if (NAMED.test(line)) return true;
  const [first, ...rest] = words(line);
  if (first === undefined) return false;
  const verb = first.toLowerCase().replace(/[:,]$/, "");
  if (PASSWORD_VERBS.has(verb)) return rest.length > 0;
  if (LINK_VERBS.has(verb) || LOGIN_VERBS.has(verb)) {
    return !rest.every((word, i) => i < 2 && (ADDRESS.test(word) || networks.includes(word.toLowerCase())));
  }
  if (ADDRESS_AND_MORE.test(first)) return true;
  if (rest.length === 0 && !ADDRESS.test(first) && BARE.test(first)) return true;
  return ADDRESS.test(first) && rest.length === 1;
}
