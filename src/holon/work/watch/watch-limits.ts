/** Each limit of watching, with its default. */
export const WATCH_LIMITS = {
  /** How often the outbox is looked at for watchers if no notification comes. */
  pollMs: 2_000,
  /** How soon to look again for a missing position, whose transaction may still be open. */
  gapMs: 16,
  /** Most rows that one look reads. */
  readCount: 200,
  /** Most events that wait in memory for one slow watcher. Later events are read again when the watcher reaches them. */
  bufferCount: 200,
  /** How many watchers of one context and process read missed events at the same time. They share the pool with the handlers. */
  catchUpCount: 2,
  /**
   * When watching starts, so many rows before the newest one are searched for positions whose transactions have not committed. A transaction has such a
   * position only while it commits.
   */
  startCount: 10_000,
} as const;

/** The limits in force. */
export type WatchLimits = { readonly [Name in keyof typeof WATCH_LIMITS]: number };
