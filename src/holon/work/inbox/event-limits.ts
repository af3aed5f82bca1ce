/** Every limit of events with its default. */
export const EVENT_LIMITS = {
  /** How often the outbox is looked at if no notification comes. */
  pollMs: 1_000,
  /** Most rows of the outbox that are taken at once. */
  leaseCount: 500,
  /** How long the lease of a row of the outbox holds. */
  leaseMs: 10_000,
  /**
   * A process that cannot send a row of the outbox waits before it tries that row again: as long as the row has failed already, at least `leaseMs`, at most
   * this long.
   */
  failedRowGreatestMs: 5 * 60_000,
  /** Most events that one message of a queue carries. */
  batchCount: 50,
  /** Most bytes of payload that one message of a queue carries, unless one event alone has more. */
  batchBytes: 256 * 1024,
  /** Most messages that wait on the queue of one subscriber. What does not fit waits in the outbox: a subscriber may be down for days. */
  queueCount: 1_000,
  /** An event is sent again after this long without an acknowledgement, but not while a message that was sent before it still waits or is being handled. */
  resendMs: 30_000,
  /**
   * If the queues are idle, an event is sent again after this shorter time, because an event that is on no queue is lost. The time doubles each time the event
   * is sent, up to `resendMs`.
   */
  resendLostMs: 5_000,
  /** How often the sweep looks for unacknowledged events. */
  sweepMs: 5_000,
  /** Attempts of a handler in all, before its event is parked. */
  attemptsCount: 8,
  /** First and longest wait between attempts. The actual wait is random, up to these. */
  backoffFirstMs: 500,
  backoffGreatestMs: 15 * 60_000,
  /** Longest time that a handler may take. */
  handlerMs: 30_000,
  /** Messages of the queue that one process handles at the same time. */
  concurrencyCount: 3,
  /** An event may wait until an operator releases or skips an earlier event of its key, which the producer has forgotten. It is looked at once in this time. */
  undecidedMs: 30_000,
  /** How often a consumer repeats its subscriptions. */
  subscribeMs: 60_000,
} as const;

/** The limits in force. */
export type EventLimits = { readonly [Name in keyof typeof EVENT_LIMITS]: number };
