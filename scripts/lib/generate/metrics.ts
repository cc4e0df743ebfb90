import { METRICS } from "../../../src/bridge/metrics.ts";
import { NOTE, table } from "./text.ts";

/** `docs/metrics.md`. */
export function metricDocs(): string {
  const rows = Object.entries(METRICS).map(([name, row]) => [
    `\`${name}\``,
    row.kind,
    row.labels.map((label) => `\`${label}\``).join(", "),
    row.help,
  ]);
  return `# Metrics

${NOTE}

Served for Prometheus at \`http://<metrics.bind>/metrics\` (by default \`http://127.0.0.1:29342/metrics\`). There is no password
on it: keep it on loopback or in a network of its own. Times are in seconds. The figures of the process itself
(\`process_*\`, \`nodejs_*\`) are there too.

${table(["metric", "kind", "labels", "what it says"], rows)}

## What to watch

| alarm | when |
| --- | --- |
| messages wait | \`msnb_lane_oldest_seconds > 60\` for 5 minutes |
| a network is in trouble | \`sum by (network) (msnb_puppets{state="waiting"}) > 0\` for 15 minutes |
| people must act | \`msnb_events_parked > 0\` and growing |
| the bridge is slow | \`histogram_quantile(0.99, rate(msnb_delivery_seconds_bucket[5m])) > 5\` |
| the process is overloaded | \`msnb_loop_lag_seconds > 0.2\` for 5 minutes |
`;
}
