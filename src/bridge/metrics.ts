/**
 * Every metric there is, declared once: the Prometheus endpoint and docs/metrics.md are made from this table
 * (anchors §1.12). Names carry the prefix `msnb_`.
 */
interface MetricRow {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds in seconds, for histograms. */
  readonly buckets?: readonly number[];
}

const DELIVERY = [0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export const METRICS = {
  msnb_puppets: { kind: "gauge", help: "Puppets by network and state", labels: ["network", "state"] },
  msnb_signin_seconds: {
    kind: "histogram",
    help: "Time from the start of a sign-in to being visible",
    labels: ["network"],
    buckets: DELIVERY,
  },
  msnb_signin_failures_total: { kind: "counter", help: "Sign-ins that failed, by stage", labels: ["network", "stage"] },
  msnb_reconnect_waiting: { kind: "gauge", help: "Puppets that wait for their turn to sign in", labels: ["network"] },
  msnb_delivery_seconds: {
    kind: "histogram",
    help: "From storing an event to its acknowledgement by the other side",
    labels: ["from", "to"],
    buckets: DELIVERY,
  },
  msnb_lane_depth: { kind: "gauge", help: "Entries that wait in all lanes of this worker", labels: [] },
  msnb_lane_oldest_seconds: {
    kind: "gauge",
    help: "Age of the oldest entry that waits in a lane of this worker",
    labels: [],
  },
  msnb_events_total: {
    kind: "counter",
    help: "Events that left their lane, by result",
    labels: ["from", "to", "kind", "result"],
  },
  msnb_events_parked_total: {
    kind: "counter",
    help: "Entries that left their lane undelivered and wait for a person to say retry",
    labels: ["code"],
  },
  msnb_duplicates_dropped_total: {
    kind: "counter",
    help: "Transactions and events that came a second time",
    labels: ["from"],
  },
  msnb_degraded_total: { kind: "counter", help: "Content that had to be put in simpler words", labels: ["feature"] },
  msnb_presence_writes_total: { kind: "counter", help: "Presence updates written", labels: ["to"] },
  msnb_presence_suppressed_total: {
    kind: "counter",
    help: "Presence updates that nobody would have seen",
    labels: ["to"],
  },
  msnb_ghosts: { kind: "gauge", help: "Ghosts this worker knows", labels: [] },
  msnb_home_api_seconds: {
    kind: "histogram",
    help: "Requests to a home, by call and outcome",
    labels: ["home", "call", "outcome"],
    buckets: DELIVERY,
  },
  msnb_redis_seconds: { kind: "histogram", help: "Redis scripts, by name", labels: ["script"], buckets: DELIVERY },
  msnb_loop_lag_seconds: {
    kind: "gauge",
    help: "Delay of the event loop, 99th percentile of the last ten seconds",
    labels: [],
  },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof METRICS;
type Labels<M extends MetricName> = Readonly<Record<(typeof METRICS)[M]["labels"][number], string>>;

/** Where figures go. The labels of each call are checked against the table by type. */
export interface Meter {
  /** Counters: adds `by` (1 unless told). */
  count<M extends MetricName>(metric: M, labels: Labels<M>, by?: number): void;
  /** Gauges: the value now. */
  gauge<M extends MetricName>(metric: M, labels: Labels<M>, value: number): void;
  /** Histograms: one observation, in seconds. */
  observe<M extends MetricName>(metric: M, labels: Labels<M>, seconds: number): void;
}

/** A meter that keeps nothing, for tools and tests that do not look at figures. */
export const noMeter: Meter = { count: () => {}, gauge: () => {}, observe: () => {} };
