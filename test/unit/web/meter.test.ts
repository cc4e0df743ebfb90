import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { METRICS } from "../../../src/bridge/metrics.ts";
import { createMeter, createRegistry } from "../../../src/web/meter.ts";

describe("the table of metrics", () => {
  test.each(Object.entries(METRICS))("%s is there, with its help and kind", async (name, row) => {
    const registry = new Registry();
    createMeter(registry);
    const text = await registry.metrics();
    expect(text).toContain(`# HELP ${name} ${row.help}`);
    expect(text).toContain(`# TYPE ${name} ${row.kind}`);
  });
});

test("the meter writes counters, gauges and histograms", async () => {
  const registry = new Registry();
  const meter = createMeter(registry);
  meter.count("msnb_duplicates_dropped_total", { from: "matrix" }, 3);
  meter.gauge("msnb_puppets", { network: "escargot", state: "on" }, 7);
  meter.observe("msnb_delivery_seconds", { from: "msn", to: "matrix" }, 0.004);
  const text = await registry.metrics();
  expect(text).toContain('msnb_duplicates_dropped_total{from="matrix"} 3');
  expect(text).toContain('msnb_puppets{network="escargot",state="on"} 7');
  expect(text).toContain('msnb_delivery_seconds_bucket{le="0.005",from="msn",to="matrix"} 1');
  expect(text).toContain('msnb_delivery_seconds_bucket{le="0.002",from="msn",to="matrix"} 0');
});

test("the process's own figures are there too", async () => {
  expect(await createRegistry().metrics()).toContain("process_resident_memory_bytes");
});
