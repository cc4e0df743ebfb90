import { parseMultipart } from "../../src/msnp/message/multipart.ts";
import {
  CommandDecoder,
  encodeCommand,
  type OutgoingCommand,
  serverToClientPayload,
} from "../../src/msnp/wire/index.ts";
import { collectGarbage } from "../lib/gc.ts";
import { cut, FAMILIES, makeRecording } from "../lib/recording.ts";
import type { Figure, Part } from "../lib/report.ts";
import { percentile } from "../lib/stats.ts";

const MB = 1e6;
const TARGET = { atLeast: 200 };
/** What a busy TCP stream is read in. */
const WHOLE = [64 * 1024];
/** What a slow one is read in: no size divides another. */
const ODD = [1, 997, 1447, 4093, 13, 2903, 8191, 311];

/**
 * Speed of the codec on traffic as a busy server of each family of dialects sends it, and what a command costs the garbage
 * collector.
 */
export const codec: Part = {
  name: "codec",
  title: "Codec, mixed traffic of each family of dialects",
  run({ quick }) {
    const figures = Object.keys(FAMILIES).flatMap((family) => measure(family, quick));
    return Promise.resolve([...figures, envelopes(quick)]);
  },
};

function measure(family: string, quick: boolean): Figure[] {
  const runs = quick ? 2 : 5;
  const { commands, bytes } = makeRecording(quick ? MB : 16 * MB, family);
  const whole = cut(bytes, WHOLE);
  const odd = cut(bytes, ODD);
  const count = decodeAll(whole);
  if (count !== commands.length || decodeAll(odd) !== count) throw new Error(`the codec lost commands of ${family}`);
  const note = `${count} commands, ${(bytes.length / count).toFixed(0)} bytes each, best of ${runs}`;
  const speed = (what: string, work: () => void, how: string): Figure => {
    const { value, middle } = fastest(bytes.length, runs, work);
    return {
      what: `${family}: ${what}`,
      value,
      unit: "MB/s",
      target: TARGET,
      note: `${how}; median ${middle.toFixed(0)}`,
    };
  };
  return [
    speed("decode, chunks of 64 KiB", () => decodeAll(whole), note),
    speed("decode, odd chunks of 1 B to 8 KiB", () => decodeAll(odd), note),
    speed("encode", () => encodeAll(commands), note),
    allocated(family, whole),
  ];
}

/** The late protocol's envelopes are read behind the codec. */
function envelopes(quick: boolean): Figure {
  const { commands, bytes } = makeRecording(quick ? MB : 16 * MB, "MSNP21");
  const payloads = commands.flatMap(({ name, payload }) =>
    (name === "SDG" || name === "NFY") && payload instanceof Buffer ? [payload] : [],
  );
  const { value, middle } = fastest(bytes.length, quick ? 2 : 5, () => {
    for (const payload of payloads) parseMultipart(payload);
  });
  return {
    what: "MSNP21: envelopes of SDG and NFY",
    value,
    unit: "MB/s",
    note: `${payloads.length} envelopes; median ${middle.toFixed(0)}`,
  };
}

/** Chunks decoded between two looks at the heap: about 1 MB of traffic. */
const STRETCH = 16;
const RULE = { payloadRule: serverToClientPayload };

function decodeAll(chunks: readonly Buffer[]): number {
  const decoder = new CommandDecoder(RULE);
  let count = 0;
  for (const chunk of chunks) count += decoder.push(chunk).length;
  return count;
}

function encodeAll(commands: readonly OutgoingCommand[]): number {
  let size = 0;
  for (const command of commands) size += encodeCommand(command).length;
  return size;
}

/** MB/s of the best and of the median run, after one that warms up. */
function fastest(bytes: number, runs: number, work: () => void): { value: number; middle: number } {
  work();
  const speeds = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return bytes / MB / ((performance.now() - start) / 1000);
  });
  return { value: Math.max(...speeds), middle: percentile(speeds, 0.5) };
}

/** Heap bytes per command, over a stretch short enough that nothing is collected in between; the median of a few. */
function allocated(family: string, chunks: readonly Buffer[]): Figure {
  const stretch = chunks.slice(0, STRETCH);
  const samples = Array.from({ length: 9 }, () => {
    const decoder = new CommandDecoder(RULE);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    let count = 0;
    for (const chunk of stretch) count += decoder.push(chunk).length;
    return (process.memoryUsage().heapUsed - before) / count;
  });
  const what = `${family}: allocated per decoded command, chunks of 64 KiB`;
  return { what, value: percentile(samples, 0.5), unit: "bytes", note: "heap; payloads are views, not copies" };
}
