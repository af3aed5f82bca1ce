/** Every limit of watching with its default. */
export const WATCH_LIMITS = {
  /** How often the outbox is looked at for watchers where nobody says that there is something. */
  pollMs: 2_000,
  /** How soon to look again for a position that was passed over because its transaction was still open. */
  gapMs: 16,
  /** Rows that one look reads at most. */
  readCount: 200,
  /** Events that wait in memory for one slow watcher; what goes beyond is read again when it comes to it. */
  bufferCount: 200,
  /** Watchers of one context and process that read what they missed at the same time; they share the pool with the handlers. */
  catchUpCount: 2,
  /** How many rows behind the newest one a transaction is looked for that has its position and has not committed. It holds it while it commits. */
  startCount: 10_000,
} as const;

/** The limits in force. */
export type WatchLimits = { readonly [Name in keyof typeof WATCH_LIMITS]: number };
