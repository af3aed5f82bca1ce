import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript-6";
import { RUN_KEY_TTL_MS } from "../../../src/holon/data/idempotency/idempotency-keys.ts";
import { DECLARED_ERROR, ERROR_CATALOGUE, type ErrorRow } from "../../../src/holon/kernel/error-catalogue.ts";
import { DEFAULT_LIMITS } from "../../../src/holon/kernel/limits.ts";
import { contextVariables, LIMIT_NAMES, limitVariable, VARIABLES } from "../../../src/holon/process/plan/variables.ts";
import { ORDER_MARGIN_MS } from "../../../src/holon/work/retention/start-retention.ts";

const NOTE = "<!-- Written by `npm run docs:generate` from the sources; `npm run check` compares. -->";

/** The pages that are generated from the sources, by path. */
export function generatedPages(root: string): ReadonlyMap<string, string> {
  return new Map([
    ["docs/errors.md", errorsPage()],
    ["docs/limits.md", limitsPage(root)],
    ["docs/environment.md", environmentPage()],
  ]);
}

/** Generated pages that differ from what the sources say now. */
export function staleFaults(root: string): string[] {
  return [...generatedPages(root)].flatMap(([page, text]) =>
    readOrNothing(path.join(root, page)) === text ? [] : [`${page} is not what the sources say: npm run docs:generate`],
  );
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(([code, row]) => errorCells(`\`${code}\``, row));
  return page(
    "Errors",
    `The table has every code that Holon itself answers with. A *refusal* is a "no" that the business rules or the contract
give, a *fault* is a failure outside of the code, a *defect* is a bug. \`Executed\` says whether the call may have had an
effect. \`executed\` of the error itself is more exact than this column: it is \`maybe\` instead of \`no\` if the call had
committed a transaction, or called a mutation of another context, before it failed. \`Retry\` says whether it is right to
send the call again.`,
    table(
      ["Code", "Kind", "HTTP", "tRPC", "Retry", "Executed", "Log", "Meaning", "Cure"],
      [...rows, errorCells("declared by a contract", DECLARED_ERROR)],
    ),
  );
}

function errorCells(code: string, row: ErrorRow): string[] {
  return [code, row.kind, String(row.status), `\`${row.trpc}\``, row.retry, row.executed, row.log, row.meaning, row.cure];
}

function limitsPage(root: string): string {
  const meanings = limitMeanings(root);
  const rows = LIMIT_NAMES.map((name) => [
    `\`${name}\``,
    withUnit(name, DEFAULT_LIMITS[name]),
    `\`${limitVariable(name)}\``,
    meanings.get(name) ?? "",
  ]);
  return page(
    "Limits",
    `The table has every limit with its default. The variable sets another value for a process, in the unit of the name:
milliseconds, bytes, or a number of things.`,
    `${table(["Limit", "Default", "Variable", "Bounds"], rows)}\n\n${STREAMS}\n\n${keptSection()}`,
  );
}

/** How streams are counted: a rule about several limits, which the comment of one limit cannot explain. */
const STREAMS = `## Streams

A subscription may stay open for an hour (\`subscriptionGreatestAgeMs\`). So streams are counted apart from calls, and
take no places of calls.

| Limit | Counted | From, to | Answer to a stream above the limit |
| --- | --- | --- | --- |
| \`userStreamCount\`, \`addressStreamCount\` | in each edge process for itself, so two edges let twice as many pass. Every stream counts for its address; a stream of a signed-in user counts for the user as well | from the moment when the user is known, until the connection is closed | \`TOO_MANY_REQUESTS\` (429) |
| \`streamCount\` | in the process that hosts the context: the streams that the edge opens, and the streams that other contexts open by \`ctx.call\` | from the call of the handler, until the handler has ended | \`OVERLOADED\` (503) |
| \`meshStreamCount\` | for each connection between two processes, at both ends | while the stream is open | \`OVERLOADED\` (503) |

The answer says in \`details.retryAfterMs\` when the client may come back (\`streamRetryMs\`). If the status of the answer
is not 200, the EventSource of a browser does not show the page what is in the answer. So a browser gets a stream with
status 200. The stream has the error as its only event, has a \`retry:\` of \`streamRetryMs\`, and ends at once. After
\`TOO_MANY_REQUESTS\` a tRPC client, by \`createClient\` or by \`httpSubscriptionLink\`, ends the subscription and does not
try again by itself. After \`OVERLOADED\` it tries again when \`streamRetryMs\` is over.

- IPv6 addresses count by their /64 network, as for the rates. Behind a proxy, set \`HOLON_TRUSTED_PROXIES\`: without it
  all clients have the proxy's address, and share its ${DEFAULT_LIMITS.addressStreamCount} streams. Raise \`addressStreamCount\` if many users share an
  address.
- If a client is gone without closing its connection, its stream counts until the edge ends it: at the latest when the
  stream has had no item for \`subscriptionIdleMs\`, or is \`subscriptionGreatestAgeMs\` old.
- If a handler does not end when \`ctx.signal\` is aborted, its stream counts in \`streamCount\` for as long as the handler
  runs. \`holon_streams_running\` is this count, by context.`;

/** What is kept for a time. Each row has a test: in `retention.test.ts`, which moves the clock, or beside the code that keeps the row. */
function keptSection(): string {
  const by = (name: keyof typeof DEFAULT_LIMITS): string => `${withUnit(name, DEFAULT_LIMITS[name])} (\`${limitVariable(name)}\`)`;
  const days = (ms: number): string => withUnit("Ms", ms);
  const { outboxKeptMs, inboxKeptMs } = DEFAULT_LIMITS;
  const orderMs = outboxKeptMs + inboxKeptMs + ORDER_MARGIN_MS;
  const rows = [
    [
      "events and jobs of the outbox",
      "`holon_outbox`",
      `${by("outboxKeptMs")} after all subscribers have acknowledged the event, or the job was taken over into \`holon_jobs\`. Until then the row is kept`,
    ],
    ["which subscribers have acknowledged an event", "`holon_deliveries`", "as long as its event"],
    [
      "events that were taken, or skipped",
      "`holon_inbox`",
      `${by("inboxKeptMs")} after they were handled or skipped. An event that is held or parked is kept`,
    ],
    ["jobs that are done", "`holon_jobs`", by("doneJobsKeptMs")],
    ["jobs that failed for good", "`holon_jobs`", by("failedJobsKeptMs")],
    ["idempotency keys", "`holon_keys`", `${by("keyTtlMs")}; keys of the steps of workflows ${days(RUN_KEY_TTL_MS)}`],
    [
      "runs of workflows that ended, with their steps",
      "`holon_runs`, `holon_steps`",
      `${by("runsKeptMs")} after their end. As long as a run is kept, a start with its key finds it. A run that is open or stuck is kept`,
    ],
    ["events for runs that wait for them later", "`holon_awaited_events`", by("awaitedEventsKeptMs")],
    [
      "the last number of a key of events",
      "`holon_order`",
      `at least ${days(orderMs)} after the last event of the key (\`outboxKeptMs\`, \`inboxKeptMs\` and a day), at most twice that; longer while an event of the key is in the outbox`,
    ],
    ["the position up to which events were removed", "`holon_removed`", "for ever; at most one row for each event of the contract"],
    ["schedules", "`holon_schedules`", "for ever, also if no version knows the name any more; one row for each name"],
    ["the subscribers of the events", "`holon_subscribers`", "until `npm run work -- forget <context> <subscriber>`"],
    [
      "finished entries of the queues",
      "Redis, or the schema of the queues",
      "each queue keeps the last 2 000 entries that are done, for an hour, and the last 10 000 that failed, for 14 days. The entries are copies; the rows above decide what happens",
    ],
  ];
  return `## What is kept, and how long

Each process that does the background work of a context (role \`jobs\`) looks once a minute for rows that were kept long
enough, and removes all of them. One statement removes up to a thousand rows. After each statement, the process waits as
long as the statement took. A process without that role removes only idempotency keys, because such a process writes
them itself.

${table(["What", "Where", "Kept for"], rows)}

- \`holon_retention_removed_total{context,table}\` counts the rows that a process has removed.
  \`holon_retention_lag_seconds{context,table}\` says how long ago the oldest row should have been removed: alert on
  \`max by (context, table) (holon_retention_lag_seconds) > 3600\`.
- The numbers of a key never come twice. If the last number of a key was removed, the next event of the key gets a
  number that is higher than all earlier ones.
- The limits that end in \`KeptMs\` must be the same in all processes of an app.`;
}

/** The comments of `limits.ts`, by the name of the limit below them. */
function limitMeanings(root: string): Map<string, string> {
  const file = path.join(root, "src/holon/kernel/limits.ts");
  const syntax = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const meanings = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node)) {
      meanings.set(
        node.name.getText(),
        ts
          .getJSDocCommentsAndTags(node)
          .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
          .join(" ")
          .replace(/\s+/g, " "),
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(syntax);
  return meanings;
}

function environmentPage(): string {
  const fixed = VARIABLES.map(({ name, fallback, means, mayBeFile }) => [
    `\`${name}\``,
    fallback,
    mayBeFile ? `${means} The value can also be in the file that \`${name}_FILE\` names.` : means,
  ]);
  const { address, database } = contextVariables("CONTEXT");
  const ofContexts = [
    [
      `\`${address.replace("CONTEXT", "<CONTEXT>")}\``,
      "",
      "Mesh address (`mesh://catalog:3001`) of a context that is not hosted here. If there are several, separated by commas, the first is used.",
    ],
    [`\`${database.replace("CONTEXT", "<CONTEXT>")}\``, "`DATABASE_URL`", "A database, or a login, of that context alone."],
    ["`HOLON_LIMIT_<NAME>`", "[Limits](limits.md)", "Another value for a limit."],
  ];
  return page(
    "Environment",
    `The table has every variable that a process reads. If a variable is wrong, the process opens nothing, lists all faults
with their cures, and ends with exit code 2. \`npm run plan\` prints what a process would do with these variables.`,
    table(["Variable", "Default", "Means"], [...fixed, ...ofContexts]),
  );
}

function withUnit(name: string, value: number): string {
  if (name.endsWith("Bytes")) return value % 1_048_576 === 0 ? `${value / 1_048_576} MiB` : `${value / 1_024} KiB`;
  if (!name.endsWith("Ms")) return grouped(value);
  if (value % 86_400_000 === 0 && value > 86_400_000) return `${value / 86_400_000} d`;
  if (value % 3_600_000 === 0) return `${value / 3_600_000} h`;
  return value % 1_000 === 0 ? `${grouped(value / 1_000)} s` : `${value} ms`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, " ");
}

function page(title: string, lead: string, body: string): string {
  return `# ${title}\n\n${NOTE}\n\n${lead}\n\n${body}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
