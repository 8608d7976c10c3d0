/** The only place that reads the time. No result may depend on it. */
export interface Clock {
  /** ISO 8601, UTC. */
  now(): string;
  /** Monotonic time in seconds; its zero is arbitrary. */
  seconds(): number;
}

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  seconds: () => performance.now() / 1000,
};
