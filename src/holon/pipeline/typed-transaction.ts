import { createParser, type EventMap, ParseFailure, type Parser } from "../contract/index.ts";
import type { Tables, WriteDatabase } from "../data/drizzle/database.ts";
import { requestHash } from "../data/idempotency/key-claim.ts";
import type { DataTransaction } from "../data/transaction/run-transaction.ts";
import type { EnqueueOptions, StartOptions } from "../define/handler-context.ts";
import { catalogueError, HolonError } from "../kernel/holon-error.ts";
import { handOut, noteHandedOut } from "../kernel/left-behind.ts";
import type { JobMap } from "../work/jobs/job.ts";
import type { WorkflowMap } from "../work/workflows/workflow.ts";
import type { StartedRun } from "../work/workflows/workflow-run.ts";

/** Makes the view of an open transaction that handlers get. */
export type TransactionFactory = (tx: DataTransaction<Tables>) => TypedTransaction;

/** An open transaction with `emit`, `enqueue` and `start` as the contract types them. */
interface TypedTransaction {
  readonly db: WriteDatabase<Tables>;
  emit(name: string, payload: unknown): Promise<void>;
  enqueue(name: string, data: unknown, options?: EnqueueOptions): Promise<void>;
  start(name: string, input: unknown, options: StartOptions): Promise<StartedRun>;
}

/** Greatest payload of one event or job. A queue is not a place for files. */
const GREATEST_PAYLOAD_BYTES = 1024 * 1024;

/** Greatest length of the key of a run, of the key of an ordered event, and of the `deduplicationKey` of a job. Such a key becomes part of indexes. */
const GREATEST_KEY_LENGTH = 200;

/** Compiles the events, jobs and workflows of a context. If a payload does not fit its schema, an error is thrown, and the transaction rolls back. */
export function createTransactionFactory(contextName: string, events: EventMap, jobs: JobMap, workflows: WorkflowMap = {}): TransactionFactory {
  const eventParsers = new Map(
    Object.entries(events).map(([name, spec]) => [name, { parse: createParser(spec.payload), orderedBy: spec.orderedBy as string | undefined }]),
  );
  const jobParsers = new Map(Object.entries(jobs).map(([name, spec]) => [name, createParser(spec.data)]));

  const inputParsers = new Map(Object.entries(workflows).map(([name, { input, version }]) => [name, { parse: createParser(input), version }]));

  const open = (tx: DataTransaction<Tables>): TypedTransaction => ({
    db: tx.db,
    async emit(name, payload) {
      const event = eventParsers.get(name);
      if (event === undefined) throw unknown(contextName, "event", name);
      const parsed = parsePayload(event.parse, payload, `event ${contextName}.${name}`);
      const key = event.orderedBy === undefined ? undefined : String((parsed as Record<string, unknown>)[event.orderedBy]);
      // The tables of subscribers have the key in indexes, together with names. They would refuse an event with a longer key, and the event would be delivered
      // again and again.
      if (key !== undefined && key.length > GREATEST_KEY_LENGTH)
        throw new PayloadError(`the key of event ${contextName}.${name} has ${key.length} characters; it may have ${GREATEST_KEY_LENGTH}`);
      await tx.appendEvent({ name, payload: parsed, key });
    },
    async enqueue(name, data, options = {}) {
      const parse = jobParsers.get(name);
      if (parse === undefined) throw unknown(contextName, "job", name);
      const what = `job ${contextName}.${name}`;
      assertEnqueueOptions(what, options);
      await tx.appendJob({ name, data: parsePayload(parse, data, what), options });
    },
    async start(name, input, { key }) {
      const workflow = inputParsers.get(name);
      if (workflow === undefined) throw unknown(contextName, "workflow", name);
      if (key.length === 0 || key.length > GREATEST_KEY_LENGTH)
        throw new PayloadError(`the key of a run of ${contextName}.${name} has ${key.length} characters; it must have 1 to ${GREATEST_KEY_LENGTH}`);
      const parsed = parsePayload(workflow.parse, input, `workflow ${contextName}.${name}`);
      const inputHash = requestHash(parsed);
      const run = await tx.appendRun({ workflow: name, version: workflow.version, key, input: parsed, inputHash });
      // Two versions of a workflow may take different inputs. So the input of a run of another version is not compared, and the caller gets that run.
      if (run.version === workflow.version && run.inputHash !== inputHash)
        throw catalogueError("KEY_REUSED", `The workflow ${contextName}.${name} was started with this key before, with another input.`);
      return { runId: run.id, isNew: run.isNew };
    },
  });
  return (tx) => {
    const { db, emit, enqueue, start } = open(tx);
    const place = (what: string, name: string) => ({ procedure: `${contextName} (${what} ${name})` });
    return {
      db,
      emit: (name, payload) => handOut(emit(name, payload), place("emit", name)),
      enqueue: (name, data, options) => handOut(enqueue(name, data, options), place("enqueue", name)),
      start: (name, input, options) => handOut(start(name, input, options), place("start", name)),
    };
  };
}

function parsePayload(parse: Parser, value: unknown, what: string): unknown {
  const parsed = parse(value);
  if (parsed instanceof ParseFailure) {
    throw new PayloadError(`the payload of ${what} does not fit: ${parsed.issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ")}`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(parsed));
  if (bytes > GREATEST_PAYLOAD_BYTES) throw new PayloadError(`the payload of ${what} has ${bytes} bytes, more than ${GREATEST_PAYLOAD_BYTES}`);
  return parsed;
}

function unknown(contextName: string, kind: string, name: string): HolonError {
  return new HolonError("INTERNAL", `The context ${contextName} declares no ${kind} "${name}".`);
}

/** Longest delay of a job, a year. */
const GREATEST_DELAY_MS = 365 * 24 * 3_600_000;

/** Greatest priority that BullMQ accepts. */
const GREATEST_PRIORITY = 2 ** 21 - 1;

/**
 * Refuses options that the tables or the queues would refuse.
 *
 * If they are refused here, only their own transaction rolls back. If a table or a queue refused them later, they would hold up other jobs again and again.
 */
function assertEnqueueOptions(what: string, { delayMs, priority, deduplicationKey }: EnqueueOptions): void {
  const refuse = (name: string, value: unknown, bounds: string): never => {
    throw new PayloadError(`${name} of ${what} is ${String(value)}; it must be ${bounds}`);
  };
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= GREATEST_DELAY_MS)) refuse("delayMs", delayMs, `0 to ${GREATEST_DELAY_MS}`);
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= GREATEST_PRIORITY))
    refuse("priority", priority, `an integer from 0 to ${GREATEST_PRIORITY}`);
  if (deduplicationKey !== undefined && !isWithin(deduplicationKey))
    refuse("the length of deduplicationKey", deduplicationKey.length, `1 to ${GREATEST_KEY_LENGTH}`);
}

function isWithin({ length }: string): boolean {
  return length >= 1 && length <= GREATEST_KEY_LENGTH;
}

/** A payload that a handler emitted or enqueued does not fit its schema or is too large. This is a bug of the handler. */
class PayloadError extends Error {
  override readonly name = "PayloadError";

  constructor(message: string) {
    super(message);
    noteHandedOut(this);
  }
}
