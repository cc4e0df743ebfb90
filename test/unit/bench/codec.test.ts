import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cut, FAMILIES, makeRecording } from "../../../bench/lib/recording.ts";
import { readable, table, verdict } from "../../../bench/lib/report.ts";
import { mostWithin, percentile } from "../../../bench/lib/stats.ts";
import { CommandDecoder, encodeCommand, serverToClientPayload } from "../../../src/msnp/wire/index.ts";
import { tempProject } from "../../support/temp-project.ts";

const MAIN = join(import.meta.dirname, "../../../bench/main.ts");

test("a quick bench of the codec prints its table and writes its figures", async () => {
  const file = join(tempProject({}), "bench.json");
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, "codec", "--quick", "--out", file]);
  for (const family of Object.keys(FAMILIES)) expect(stdout).toContain(`${family}: decode, chunks of 64 KiB`);
  const { machine, results } = JSON.parse(readFileSync(file, "utf8"));
  expect(machine.node).toBe(process.version);
  expect(results.codec.length).toBe(Object.keys(FAMILIES).length * 4 + 1);
  for (const { value } of results.codec) expect(value).toBeGreaterThan(0);
});

test("a part that does not exist is named, and which there are", async () => {
  const failed = promisify(execFile)(process.execPath, [MAIN, "coffee"]);
  await expect(failed).rejects.toMatchObject({ code: 64, stdout: expect.stringMatching(/no part coffee[\s\S]*codec/) });
});

test("so is a home that does not exist", async () => {
  const failed = promisify(execFile)(process.execPath, [MAIN, "delay", "--home", "office"]);
  await expect(failed).rejects.toMatchObject({ code: 64, stdout: expect.stringMatching(/no home office[\s\S]*xmpp/) });
});

test.each(Object.keys(FAMILIES))(
  "the recording of %s comes out of the decoder as it went in, however it is cut",
  (family) => {
    const { commands, bytes } = makeRecording(200_000, family);
    const decoder = new CommandDecoder({ payloadRule: serverToClientPayload });
    const decoded = cut(bytes, [1, 997, 13]).flatMap((piece) => decoder.push(piece));
    expect(decoded.length).toBe(commands.length);
    const again = decoded.map(({ name, args, payload }) =>
      encodeCommand(payload === undefined ? { name, args } : { name, args: args.slice(0, -1), payload }),
    );
    expect(Buffer.concat(again).equals(bytes)).toBe(true);
  },
);

test("a figure is held against its target", () => {
  const figure = { what: "speed", value: 199, unit: "MB/s" };
  expect(verdict(figure)).toBe("");
  expect(verdict({ ...figure, target: { atLeast: 200 } })).toBe("MISSED");
  expect(verdict({ ...figure, target: { atMost: 200 } })).toBe("ok");
  expect(table("Codec", [{ ...figure, target: { atLeast: 200 } }])).toMatch(/speed +199 MB\/s +≥ 200 MB\/s +MISSED/);
  expect([0.123, 12.34, 12345.6].map(readable)).toEqual(["0.12", "12.3", "12 346"]);
});

test("percentiles and bursts", () => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([], 0.5)]).toEqual([51, 100, 0]);
  expect(mostWithin([0, 400, 999, 1000, 1001, 5000], 1000)).toBe(4);
});
