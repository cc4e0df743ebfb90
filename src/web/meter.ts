/** The table of metrics as prom-client's, in a registry of its own (never the global one, which libraries write to). */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { METRICS, type Meter, type MetricName } from "../bridge/metrics.ts";

/** A registry with the figures of the process itself: memory, CPU, event loop, garbage collection. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Declares every metric of the table in the registry and returns the meter that writes to it. Once per registry. */
export function createMeter(registry: Registry): Meter {
  const counters = new Map<MetricName, Counter>();
  const gauges = new Map<MetricName, Gauge>();
  const histograms = new Map<MetricName, Histogram>();
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const row = METRICS[name];
    const options = { name, help: row.help, labelNames: [...row.labels], registers: [registry] };
    if (row.kind === "counter") counters.set(name, new Counter(options));
    else if (row.kind === "gauge") gauges.set(name, new Gauge(options));
    else histograms.set(name, new Histogram({ ...options, buckets: [...row.buckets] }));
  }
  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc({ ...labels }, by),
    gauge: (name, labels, value) => gauges.get(name)?.set({ ...labels }, value),
    observe: (name, labels, seconds) => histograms.get(name)?.observe({ ...labels }, seconds),
  };
}
