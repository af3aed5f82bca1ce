import type { DataTransaction, Tables } from "../../data/index.ts";
import { type Clock, catalogueError, type Logger, parseTraceparent, Scope, type TimerWheel, type Trace, WheelEntry } from "../../kernel/index.ts";
import { type CountWork, counted } from "../../observe/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { EventTransaction } from "./event-handler.ts";
import type { EventMessage } from "./event-message.ts";
import type { EventRoute } from "./event-routes.ts";

/** What runs of event handlers need. */
export interface EventRunParts {
  readonly context: string;
  readonly database: WorkDatabase;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly handlerMs: number;
  readonly count?: CountWork | undefined;
  /** Puts the types of the context's contract on a transaction. */
  readonly openTransaction: (tx: DataTransaction<Tables>) => EventTransaction;
}

/** Runs the handler of one event in an open transaction. What it emits belongs to the trace of the event, and to who began it. */
export async function runHandler(
  parts: EventRunParts,
  tx: DataTransaction<Tables>,
  producer: string,
  message: EventMessage,
  payload: unknown,
  route: EventRoute,
): Promise<void> {
  const { id, name, key, initiator } = message;
  const trace = parseTraceparent(message.traceparent ?? undefined);
  const fullName = `${producer}.${name}`;
  const log = parts.log.child({ traceId: trace.traceId, event: fullName, eventId: id });
  await counted(parts.count, ["event", parts.context, fullName], async () =>
    route.handle({
      event: { id, producer, name, payload, key: key ?? undefined },
      tx: parts.openTransaction(withOrigin(tx, trace, message)),
      ctx: { initiator, traceId: trace.traceId, log },
    }),
  );
  log.info({}, "an event is handled");
}

/** A scope for handlers of events: ends by itself when they take too long. */
class EventScope extends WheelEntry {
  readonly scope: Scope;
  readonly #parts: EventRunParts;

  constructor(parts: EventRunParts, task: string) {
    super();
    this.#parts = parts;
    const principal = { kind: "system", context: parts.context, task } as const;
    const deadlineAtMs = parts.clock.monotonicMs() + parts.handlerMs;
    this.scope = Scope.root({ principal, caller: parts.context, deadlineAtMs });
    parts.wheel.add(this, deadlineAtMs);
  }

  override expire(): void {
    this.scope.cancel(catalogueError("DEADLINE_EXCEEDED", `The handler of an event took longer than ${this.#parts.handlerMs} ms.`));
  }

  end(): void {
    this.#parts.wheel.remove(this);
  }
}

/**
 * Runs work in a transaction that handlers of events have the time for. One of several events is not repeated after a deadlock: smaller ones are.
 *
 * Errors: those of `ContextData.transaction`.
 */
export async function inEventScope<Result>(
  parts: EventRunParts,
  { task, isOne }: { readonly task: string; readonly isOne: boolean },
  run: (tx: DataTransaction<Tables>) => Promise<Result>,
): Promise<Result> {
  const within = new EventScope(parts, task);
  try {
    return await parts.database.data.transaction(within.scope, run, { repeatsContention: isOne });
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
