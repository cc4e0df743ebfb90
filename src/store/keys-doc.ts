import type { KeyRow } from "./key-table.ts";
import { KEY_TABLE } from "./key-table.ts";

/** The text of docs/redis.md; a test holds the file to it. */
export function redisDocument(): string {
  const rows: readonly KeyRow[] = Object.values(KEY_TABLE);
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  return [
    "# What is in Redis",
    "",
    "Made from the table in `src/store/key-table.ts`; a test fails when they differ (`vitest run test/unit/store -u` writes it anew).",
    "",
    "Every key begins with the namespace (`msnb` unless the config says otherwise) and a colon. What stands in braces is the",
    "hash tag: keys with the same tag lie on one node of a Cluster, so one script can change them together. `<n>` is the",
    "shard, 0 to 63: the first four bytes of the SHA-256 of the account, resident or room, modulo 64;",
    "of a group it is that of `<network>/~<key>`.",
    "",
    "| key | type | tag | lives | holds |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| \`${cell(row.pattern)}\` | ${row.type} | ${row.tag} | ${row.life} | ${cell(row.holds)} |`),
    "",
    "A lane is named `out|<portal>` (towards the network), `in:<home>|<portal>` (towards a home) or `control|<resident>`; a",
    "portal is `<network>/<address>><conversation>`, a group `<network>/~<key>>group`, and an account's seat in one, from which",
    "its words go to the network, `<network>/<address>>~<key>`.",
    "",
    "## What may be lost, and when",
    "",
    "With `appendonly yes` and `appendfsync always` (what the private Redis has) nothing that Redis has acknowledged is lost",
    "when it is killed or the machine loses power. With `appendfsync everysec` a power cut takes the last second or two, and",
    "even a killed Redis may take a little: it answers before it writes while a background fsync is under way. When a replica",
    "takes over, what had not reached it is missing.",
    "`msnbridge check` warns of a Redis that keeps no append-only file or may evict keys.",
    "",
    "Passwords are sealed with AES-256-GCM; the keys are in the key file or the environment, never in Redis. Keep a",
    "copy of the key file, apart from the copies of Redis: without it nobody can open the passwords, neither can the bridge.",
    "",
    "## The private Redis",
    "",
    "Where no Redis is configured the bridge runs its own `redis-server` in its data folder: on a free port of 127.0.0.1, with",
    "a random password that stands in `redis.conf` (mode 0600), an append-only file, and a log in `redis.log`. A bridge that",
    "is killed leaves it running; the next one ends it cleanly and starts its own. One bridge at a time may use a folder: the",
    "second is refused and told the pid of the first. Bridges in different containers cannot see each other's processes, so",
    "never give two containers the same folder.",
    "",
  ].join("\n");
}
