import type { Guard } from "./guard.ts";

const JOB_WORK = "src/holon/work/jobs/start-job-work.ts";
const CONSUMER = "src/holon/work/inbox/event-consumer.ts";
const JUDGEMENT = "src/holon/work/inbox/event-judgement.ts";
const INBOX = "src/holon/work/inbox/inbox.ts";
const OUTBOX = "src/holon/work/outbox/outbox-lease.ts";
const SUBSCRIPTIONS = "src/holon/work/outbox/subscriptions.ts";

/** Guards of events, jobs and schedules: P2, P4, P5, P6, P7, P27, and P24 of background work. */
export const GUARDS_OF_WORK: readonly Guard[] = [
  {
    of: "P2",
    takenOut:
      "a row of the outbox is kept until the subscriber has acknowledged (taken out: the row counted as acknowledged as soon as the queue had it)",
    edits: [
      {
        file: OUTBOX,
        from: "sent_at = case when ${isNamed(behind)}",
        to: "acknowledged_at = now(), sent_at = case when ${isNamed(behind)}",
      },
    ],
    test: "src/holon/work/inbox/events.test.ts",
    only: "on Postgres that a queue lost are sent again soon",
  },
  {
    of: "P4",
    takenOut: "a death counts against a job only while it runs alone (`JobTable.reclaim`)",
    edits: [
      {
        file: "src/holon/work/jobs/job-statements.ts",
        from: "set state = 'waiting', deaths = deaths + 1, due_at = now(), sent_at = null",
        to: "set state = case when deaths > 0 then 'failed' else 'waiting' end, deaths = deaths + 1, due_at = now(), sent_at = null",
      },
    ],
    test: "src/holon/work/jobs/job-deaths.test.ts",
    only: "is not set aside for deaths that other jobs caused",
  },
  {
    of: "P5",
    takenOut: "the wait before the next attempt is random",
    edits: [{ file: "src/holon/kernel/backoff.ts", from: "Math.floor(random() * ceiling)", to: "Math.floor(ceiling)" }],
    test: "src/holon/work/jobs/job-work.test.ts",
    only: "waits a random part",
  },
  {
    of: "P6",
    takenOut: "an event waits for its predecessor (`waitOf`)",
    edits: [{ file: JUDGEMENT, from: "if (key === null) return undefined;", to: "return undefined;" }],
    test: "src/holon/work/inbox/events.test.ts",
    only: "on Postgres that come too early are held",
  },
  {
    of: "P6",
    takenOut: "a failure before any handler was called does not count for the event (`wasCalled`)",
    edits: [{ file: CONSUMER, from: "if (!blame.isHandlers && !blame.wasCalled) throw error;", to: "" }],
    test: "src/holon/work/inbox/cut-handlers.test.ts",
    only: "is not counted as failed if it comes in a message",
  },
  {
    of: "P6",
    takenOut: "a failure before any handler was called does not count for the event (`wasCalled`)",
    edits: [{ file: "src/holon/work/inbox/held-events.ts", from: "(isPassing(error) || !chain.blame.wasCalled)", to: "isPassing(error)" }],
    test: "src/holon/work/inbox/cut-handlers.test.ts",
    only: "is not counted as failed if it is held",
  },
  {
    of: "P6",
    takenOut: "a failure before any handler was called does not count for the event (`wasCalled`)",
    edits: [
      { file: CONSUMER, from: "if (!blame.isHandlers && !blame.wasCalled) throw error;", to: "" },
      { file: "src/holon/work/inbox/event-run.ts", from: "wasCalled ? this.#tookLong() : this.#notCalled()", to: "this.#tookLong()" },
    ],
    test: "src/holon/work/inbox/lock-timeouts.test.ts",
    only: "is not counted as failed, and is handled after the one before it",
  },
  {
    of: "P7",
    takenOut: "the row of a schedule is locked while its tick is fired (the transaction was also made slow)",
    edits: [
      { file: "src/holon/work/schedules/schedule-ticker.ts", from: "${this.#select(names)} for update skip locked", to: "${this.#select(names)}" },
      {
        file: "src/holon/work/schedules/schedule-ticker.ts",
        from: "await tx.appendJob({ name: job, data, options: {} });",
        to: "await new Promise((resolve) => setTimeout(resolve, 300));\n          await tx.appendJob({ name: job, data, options: {} });",
      },
    ],
    test: "src/holon/work/schedules/schedules.test.ts",
    only: "fires once a tick with three replicas",
  },
  {
    of: "P27",
    takenOut: "an event without a handler is held (`judgeEvents`: `route !== undefined`)",
    edits: [{ file: JUDGEMENT, from: "isTurn && route !== undefined ? ", to: "isTurn ? " }],
    test: "src/holon/work/inbox/older-version.test.ts",
    only: "on Postgres holds and acknowledges events without a handler",
  },
  {
    of: "P27",
    takenOut: "a process takes only due events that it has a handler for (`Inbox.due`)",
    edits: [
      {
        file: INBOX,
        from: "where i.producer = n.producer and i.name = n.name and i.state = 'held' and i.retry_at is not null",
        to: "where i.state = 'held' and i.retry_at is not null",
      },
      {
        file: INBOX,
        from: "from ${namesTable(names)} cross join lateral (${ofName}) i) due`",
        to: "from (select 1) n cross join lateral (${ofName}) i) due`",
      },
    ],
    test: "src/holon/work/inbox/older-version.test.ts",
    only: "on Postgres goes on with its own held events",
  },
  {
    of: "P27",
    takenOut: "an acknowledgement counts only for events that were sent to that subscriber (`taken`)",
    edits: [
      {
        file: SUBSCRIPTIONS,
        from: "and exists (select 1 from ${this.#deliveries} d where d.position = o.position and d.subscriber = ${subscriber}) for update",
        to: "for update",
      },
    ],
    test: "src/holon/work/inbox/older-version.test.ts",
    only: "on Postgres does not settle an event that was not sent yet",
  },
  {
    of: "P27",
    takenOut: "an event that the database refuses is left, and the rest of its batch goes on (`isNoted`)",
    edits: [{ file: CONSUMER, from: "if (isPassing(refusal)) throw refusal;", to: "throw refusal;" }],
    test: "src/holon/work/inbox/older-version.test.ts",
    only: "on Redis .*handles the events of a batch that it understands",
  },
  {
    of: "P27",
    takenOut: "a job that this version does not know is left to other processes before it is claimed (`startWorker`: `handlers.has`)",
    edits: [{ file: JOB_WORK, from: "if (!handlers.has(run.name)) {", to: "if (false) {" }],
    test: "src/holon/work/jobs/older-version.test.ts",
    only: "on Postgres (runs each job once beside the newer version|takes over jobs that it does not know)",
  },
  {
    of: "P27",
    takenOut: "a limited job that came over the shared queue is moved to its own (`moveOn`)",
    edits: [{ file: JOB_WORK, from: "if (jobQueueName(context, run.name, jobs) !== queue)", to: "if (false)" }],
    test: "src/holon/work/jobs/older-version.test.ts",
    only: "on Postgres keeps the limit of a job",
  },
  {
    of: "old beside new",
    takenOut: "an event that no handler and no workflow of the older version knows is held (`judgeEvents`)",
    edits: [{ file: JUDGEMENT, from: "isTurn && route !== undefined ? ", to: "isTurn ? " }],
    test: "src/holon/work/inbox/older-version.test.ts",
    only: "on Postgres loses nothing during a rollback",
  },
  {
    of: "old beside new",
    takenOut: "rows of the outbox of an unknown kind are not taken (`OutboxLease.take`), and are logged and counted (`Publishing.#sweep`)",
    edits: [{ file: OUTBOX, from: "and kind = any(", to: "and '' <> all(" }],
    test: "src/holon/work/outbox/unknown-kinds.test.ts",
  },
  {
    of: "old beside new",
    takenOut: "rows of the outbox of an unknown kind are not taken (`OutboxLease.take`), and are logged and counted (`Publishing.#sweep`)",
    edits: [{ file: "src/holon/work/outbox/create-publisher.ts", from: 'left.note("outbox", kind, count);', to: "{}" }],
    test: "src/holon/work/outbox/unknown-kinds.test.ts",
  },
  {
    of: "old beside new",
    takenOut: "held events and schedules of another version do not block those of this one (`Inbox.due`, `ScheduleTicker.#tick`)",
    edits: [{ file: "src/holon/work/schedules/schedule-ticker.ts", from: "where name = any(${texts(names)}) and next_at", to: "where next_at" }],
    test: "src/holon/work/jobs/older-version.test.ts",
    only: "on Postgres does not change the schedules of the newer version",
  },
  {
    of: "old beside new",
    takenOut: "unknown messages, and unknown entries in known messages, are put back (`workAcknowledgements`, `startEventWork`, `startJobWork`)",
    edits: [
      {
        file: "src/holon/work/inbox/acknowledgements.ts",
        from: "if (read === undefined) return unknown.leave(queue, run);",
        to: "if (read === undefined) return;",
      },
    ],
    test: "src/holon/work/inbox/older-version.test.ts",
    only: "on Postgres leaves acknowledgements that it does not understand",
  },
  {
    of: "old beside new",
    takenOut: "unknown messages, and unknown entries in known messages, are put back (`workAcknowledgements`, `startEventWork`, `startJobWork`)",
    edits: [{ file: "src/holon/work/inbox/start-event-work.ts", from: "if (events.length > 0) await unknown", to: "if (false) await unknown" }],
    test: "src/holon/work/inbox/older-version.test.ts",
    only: "on Postgres handles the events of a batch that it understands",
  },
  {
    of: "old beside new",
    takenOut: "unknown messages, and unknown entries in known messages, are put back (`workAcknowledgements`, `startEventWork`, `startJobWork`)",
    edits: [{ file: JOB_WORK, from: "if (!isWhole) await unknown", to: "if (false) await unknown" }],
    test: "src/holon/work/jobs/older-version.test.ts",
    only: "on Postgres leaves messages that it does not understand",
  },
  {
    of: "P24",
    takenOut: "a check of a job's data that throws sets the job aside (`JobExecutor.execute`)",
    edits: [
      {
        file: "src/holon/work/jobs/job-executor.ts",
        from: "// The data is the same at each attempt, so no later attempt can succeed.\n      return this.#setAside(claim, log, error);",
        to: "throw error;",
      },
    ],
    test: "src/holon/work/jobs/failing-handlers.test.ts",
    only: "on Postgres are set aside if a check of their data throws",
  },
  {
    of: "P24",
    takenOut: "a check of an event's payload that throws counts as failed (`HandlerBlame.duringParse`)",
    edits: [
      {
        file: "src/holon/work/inbox/handler-blame.ts",
        from: "return parse();\n    } catch (error) {\n      this.isHandlers = true;",
        to: "return parse();\n    } catch (error) {",
      },
    ],
    test: "src/holon/work/inbox/failing-handlers.test.ts",
    only: "on Postgres are parked if a check of their payload throws UNAVAILABLE",
  },
];
