import type { Tables } from "../../data/drizzle/database.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { markCutOff, markOrigin } from "../../kernel/origin.ts";
import { Scope } from "../../kernel/scope.ts";
import { TimerEntry, type Timers } from "../../kernel/timers.ts";
import { parseTraceparent, type Trace } from "../../kernel/trace.ts";
import { type CountWork, counted } from "../../observe/work-metrics.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { AckSender } from "./acknowledgements.ts";
import type { EventFailures } from "./event-failures.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventMessage } from "./event-message.ts";
import type { EventRoute, EventRoutes, EventTransaction } from "./event-routes.ts";
import type { HandlerBlame } from "./handler-blame.ts";
import { type HandlerPauses, SLOW_PART } from "./handler-pauses.ts";
import type { Inbox } from "./inbox.ts";

/** New events and held ones are handled with the same collaborators, in the same kind of transaction. */
export interface EventRunDeps {
  readonly context: string;
  readonly database: WorkDatabase;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly limits: EventLimits;
  /** See {@link shareMsOf}. */
  readonly shareMs: number;
  readonly count?: CountWork | undefined;
  /** Adds the types of the context's contract to a transaction. */
  readonly openTransaction: (tx: DataTransaction<Tables>) => EventTransaction;
  readonly inbox: Inbox;
  readonly routes: EventRoutes;
  readonly failures: EventFailures;
  readonly pauses: HandlerPauses;
  readonly acks: Pick<AckSender, "taken">;
  /** Called when held events may be due. */
  readonly wakeHeld: () => void;
}

/**
 * Until its end, a transaction keeps what its handlers lock, and other transactions wait for these locks. After this part of the longest wait for a lock, the
 * transaction takes no further event.
 */
const LOCK_PART = 1 / 3;

/** How long events may be taken into one transaction. Units: milliseconds. */
export function shareMsOf({ handlerMs, lockTimeoutMs }: { readonly handlerMs: number; readonly lockTimeoutMs: number }): number {
  return Math.min(handlerMs * SLOW_PART, lockTimeoutMs * LOCK_PART);
}

/** Runs the handler of one event in an open transaction. What the handler emits belongs to the trace and the initiator of the event. */
export async function runHandler(
  deps: EventRunDeps,
  tx: DataTransaction<Tables>,
  producer: string,
  message: EventMessage,
  payload: unknown,
  route: EventRoute,
): Promise<void> {
  const { id, name, key, initiator } = message;
  const trace = parseTraceparent(message.traceparent ?? undefined);
  const fullName = `${producer}.${name}`;
  const log = deps.log.child({ traceId: trace.traceId, event: fullName, eventId: id });
  await counted(deps.count, ["event", deps.context, fullName], async () =>
    route.handle({
      event: { id, producer, name, payload, key: key ?? undefined },
      tx: deps.openTransaction(withOrigin(tx, trace, message)),
      ctx: { initiator, traceId: trace.traceId, log },
    }),
  );
  log.info({}, "an event is handled");
}

/** How a transaction of event handlers is run. */
interface EventScopeOptions {
  readonly task: string;
  /** Whether the transaction is for one event only. */
  readonly isOne: boolean;
  /** What is known of the handlers of the transaction. It is a function because a repeated transaction has a new `HandlerBlame`. */
  readonly blame: () => Pick<HandlerBlame<unknown>, "sinceMs" | "wasCalled">;
}

/**
 * A scope for handlers of events. It is cancelled if a handler takes too long, or if no handler could be called in time.
 *
 * Each handler has the whole time, counted from its call. Otherwise a handler that needs most of the time would fail because an earlier one used some of it,
 * and the failure would be counted. If the process was frozen or blocked since the transaction began, the error says that the handler was cut off.
 */
class EventScope extends TimerEntry {
  readonly scope: Scope;
  readonly #deps: EventRunDeps;
  readonly #blame: EventScopeOptions["blame"];
  readonly #startMs: number;

  constructor(deps: EventRunDeps, { task, blame }: EventScopeOptions) {
    super();
    this.#deps = deps;
    this.#blame = blame;
    const { context, clock, limits } = deps;
    const principal = { kind: "system", context, task } as const;
    this.#startMs = clock.monotonicMs();
    // The last handler is called before `handlerMs` is over, and then has `handlerMs` for itself. So no transaction takes longer than twice that time.
    this.scope = Scope.root({ principal, caller: context, deadlineAtMs: this.#startMs + 2 * limits.handlerMs });
    deps.timers.add(this, this.#startMs + limits.handlerMs);
  }

  override expire(): void {
    const { clock, timers, limits } = this.#deps;
    const nowMs = clock.monotonicMs();
    const { sinceMs, wasCalled } = this.#blame();
    const untilMs = sinceMs === undefined ? nowMs : Math.min(sinceMs + limits.handlerMs, this.scope.deadlineAtMs);
    if (untilMs > nowMs) return timers.add(this, untilMs);
    this.scope.cancel(wasCalled ? this.#tookLong() : this.#notCalled());
  }

  #tookLong(): HolonError {
    const { timers, limits } = this.#deps;
    const error = catalogueError("DEADLINE_EXCEEDED", `The handler of an event took longer than ${limits.handlerMs} ms.`);
    return timers.wasFrozenSince(this.#startMs) ? markCutOff(error) : error;
  }

  /**
   * The error if no handler was called in time: the transaction waited for the lock of a key, or the process was frozen. No event caused this, so the error is
   * marked as passing, and no failed attempt is counted.
   */
  #notCalled(): HolonError {
    const error = catalogueError("DEADLINE_EXCEEDED", `No handler of an event could be called within ${this.#deps.limits.handlerMs} ms.`);
    return markOrigin(error, { layer: "database", isPassing: true });
  }

  end(): void {
    this.#deps.timers.remove(this);
  }
}

/**
 * Runs work in a transaction in which each handler of an event has its whole time. A transaction for several events is not repeated after a deadlock: the
 * caller tries smaller transactions.
 *
 * Errors: those of `ContextData.transaction`.
 */
export async function inEventScope<Result>(
  deps: EventRunDeps,
  options: EventScopeOptions,
  run: (tx: DataTransaction<Tables>) => Promise<Result>,
): Promise<Result> {
  const within = new EventScope(deps, options);
  try {
    return await deps.database.data.transaction(within.scope, run, { repeatsContention: options.isOne });
  } finally {
    within.end();
  }
}

function withOrigin(tx: DataTransaction<Tables>, { traceparent }: Trace, { initiator }: EventMessage): DataTransaction<Tables> {
  const origin = { traceparent, initiator };
  return Object.create(tx, {
    db: { get: () => tx.db },
    appendEvent: { value: (event: Parameters<typeof tx.appendEvent>[0]) => tx.appendEvent({ ...event, origin }) },
    appendJob: { value: (job: Parameters<typeof tx.appendJob>[0]) => tx.appendJob({ ...job, origin }) },
    appendRun: { value: (run: Parameters<typeof tx.appendRun>[0]) => tx.appendRun({ ...run, origin }) },
  }) as DataTransaction<Tables>;
}
