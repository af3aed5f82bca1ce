/** Every limit of events with its default. */
export const EVENT_LIMITS = {
  /** How often the outbox is looked at where nobody says that there is something. */
  pollMs: 1_000,
  /** Rows of the outbox that are taken at once. */
  leaseCount: 500,
  /** How long rows that were taken are left to whoever took them. */
  leaseMs: 10_000,
  /** Longest that a row of the outbox which a process cannot send waits for its next try there: as long as it has failed already, and at least `leaseMs`. */
  failedRowGreatestMs: 5 * 60_000,
  /** Most events that one job of a queue carries. */
  batchCount: 50,
  /** Most bytes of payload that one job of a queue carries, unless one event alone has more. */
  batchBytes: 256 * 1024,
  /** Most messages that wait on the queue of one subscriber. What does not fit waits in the outbox: a subscriber may be down for days. */
  queueCount: 1_000,
  /** After how long without an acknowledgement an event is sent again, once nothing that was sent before it waits on the queue any more. */
  resendMs: 30_000,
  /** The same for the first time, where the queues are idle: what is on no queue is lost. Doubles with each time that it was sent, up to `resendMs`. */
  resendLostMs: 5_000,
  /** How often unacknowledged events are looked for. */
  sweepMs: 5_000,
  /** Attempts of a handler in all before its event is parked. */
  attemptsCount: 8,
  /** First and longest wait between attempts; the wait is random below that. */
  backoffFirstMs: 500,
  backoffGreatestMs: 15 * 60_000,
  /** Longest that a handler may take. */
  handlerMs: 30_000,
  /** Jobs of the queue that one process works off at once. */
  concurrencyCount: 3,
  /** After how long an event is looked at again that stands behind one which the producer has forgotten, and which waits to be released or skipped. */
  undecidedMs: 30_000,
  /** How often a consumer says again what it wants to hear. */
  subscribeMs: 60_000,
} as const;

/** The limits in force. */
export type EventLimits = { readonly [Name in keyof typeof EVENT_LIMITS]: number };
