import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/bridge/secret.ts";
import { loadSealingKeys, parseSealingKeys, SealingKeys } from "../../../src/store/sealing.ts";
import { StoreSetupError } from "../../../src/store/setup-error.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "msnbridge-keys-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
const ann = "escargot/ann@msn.test";

test("what was sealed opens again, whatever its alphabet", () => {
  for (const text of ["", "secret", "pässword ✓ \0 \u{1F600}"])
    expect(keys.open(keys.seal(new Secret(text), ann), ann).open()).toBe(text);
});

test("the same password is never sealed to the same text twice", () => {
  const seals = Array.from({ length: 100 }, () => keys.seal(new Secret("x"), ann));
  expect(new Set(seals).size).toBe(100);
});

test("a row of another account does not open", () => {
  expect(() => keys.open(keys.seal(new Secret("x"), ann), "escargot/ben@msn.test")).toThrow(/cannot be opened/);
});

test("a row with any bit changed, or cut short anywhere, does not open", () => {
  const row = Buffer.from(keys.seal(new Secret("secret"), ann), "base64url");
  for (let i = 0; i < row.length; i++) {
    const changed = Buffer.from(row);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(() => keys.open(changed.toString("base64url"), ann)).toThrow(/cannot be opened/);
    expect(() => keys.open(row.subarray(0, i).toString("base64url"), ann)).toThrow(/cannot be opened/);
  }
});

test("new seals are made with the key of the highest number, and old ones still open", () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];
  const old = new SealingKeys(new Map([[1, one]]));
  const both = new SealingKeys(new Map([[1, one]]).set(2, two));
  const sealed = old.seal(new Secret("x"), ann);
  expect(both.open(sealed, ann).open()).toBe("x");
  expect([both.isCurrent(sealed), both.isCurrent(both.seal(new Secret("x"), ann))]).toEqual([false, true]);
  expect(() => old.open(both.seal(new Secret("x"), ann), ann)).toThrow(/key 2 is missing/);
});

test("keys are read in base64, base64url and hex, by line or by comma, beside comments", () => {
  const raw = randomBytes(32);
  const sealed = new SealingKeys(new Map([[7, raw]])).seal(new Secret("x"), ann);
  const other = randomBytes(32).toString("hex");
  for (const encoding of ["base64", "base64url", "hex"] as const) {
    const text = raw.toString(encoding);
    for (const file of [`# a, comment\n\n3:${other}\n7:${text}\n`, `7:${text},3:${other}`, ` 7:${text} \r\n`])
      expect(parseSealingKeys(file, "a test").open(sealed, ann).open()).toBe("x");
  }
});

test("a lone key needs no number", () => {
  const raw = randomBytes(32);
  const sealed = new SealingKeys(new Map([[1, raw]])).seal(new Secret("x"), ann);
  expect(parseSealingKeys(raw.toString("base64"), "a test").open(sealed, ann).open()).toBe("x");
});

test("malformed keys are refused without being repeated", () => {
  const good = randomBytes(32).toString("base64");
  const bad = [
    "c2hvcnQ=",
    `0:${good}`,
    `256:${good}`,
    `1:${good}\n1:${good}`,
    "",
    "# nothing",
    `${good}${good}`,
    `${"x".repeat(43)}!`,
  ];
  for (const text of bad) {
    const parse = () => parseSealingKeys(text, "the file");
    expect(parse).toThrow(StoreSetupError);
    expect(parse).not.toThrow(good);
  }
});

test("a key file is made when there is none, for its owner's eyes only, and kept", async () => {
  const file = join(folder, "made");
  const first = await loadSealingKeys({ file });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const again = await loadSealingKeys({ file });
  expect(again.open(first.seal(new Secret("x"), ann), ann).open()).toBe("x");
});

test("several programs that make the key file at once have the same key, and leave nothing behind", async () => {
  const file = join(folder, "race");
  const all = await Promise.all(Array.from({ length: 10 }, () => loadSealingKeys({ file })));
  const sealed = all[0]?.seal(new Secret("x"), ann) ?? "";
  for (const each of all) expect(each.open(sealed, ann).open()).toBe("x");
  expect((await readdir(folder)).filter((name) => name.startsWith("race"))).toEqual(["race"]);
});

test("a key file that others can read is refused with the remedy", async () => {
  const file = join(folder, "open");
  await writeFile(file, `1:${randomBytes(32).toString("hex")}\n`);
  await chmod(file, 0o644);
  await expect(loadSealingKeys({ file })).rejects.toThrow(`chmod 600 ${file}`);
});

test("keys from the environment go before the file", async () => {
  const raw = randomBytes(32);
  const file = join(folder, "unused");
  const loaded = await loadSealingKeys({ text: new Secret(raw.toString("hex")), file });
  expect(loaded.open(new SealingKeys(new Map([[1, raw]])).seal(new Secret("x"), ann), ann).open()).toBe("x");
  await expect(readFile(file)).rejects.toThrow("ENOENT");
});
