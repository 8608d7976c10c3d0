/** The one place that asks what time it is; nothing here may decide a result. */
export interface Clock {
  /** ISO 8601, UTC. */
  now(): string;
  /** Seconds from some fixed moment, never going back. */
  seconds(): number;
}

export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  seconds: () => performance.now() / 1000,
};
