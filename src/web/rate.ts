/** Requests per minute by key, in this process; a bounded number of keys. */
export interface RateLimiter {
  /** 0: go ahead; otherwise seconds until the next minute of this key begins. */
  take(key: string): number;
}

const WINDOW_MS = 60_000;

/** `maxKeys`: when that many keys are known, the one that began longest ago is forgotten. */
export function createRateLimiter(perMinute: number, maxKeys = 10_000, now: () => number = Date.now): RateLimiter {
  const windows = new Map<string, { began: number; count: number }>();
  return {
    take(key) {
      const at = now();
      const window = windows.get(key);
      if (window !== undefined && at - window.began < WINDOW_MS) {
        window.count++;
        return window.count <= perMinute ? 0 : Math.ceil((window.began + WINDOW_MS - at) / 1000);
      }
      windows.delete(key);
      if (windows.size >= maxKeys) {
        const oldest = windows.keys().next();
        if (!oldest.done) windows.delete(oldest.value);
      }
      windows.set(key, { began: at, count: 1 });
      return 0;
    },
  };
}
