import { redactText } from "../observe/redaction.ts";
import { renderTable } from "../process/plan/render-plan.ts";
import type { WorkConsole } from "../work/admin/work-console.ts";

/** The most rows of each kind that are listed for a context. */
const SHOWN_COUNT = 100;
const REASON_LENGTH = 120;

/** Background work that waits, failed or is stuck, for a terminal. Errors: those of a database that cannot be read. */
export async function renderWork(consoles: readonly WorkConsole[]): Promise<string> {
  const parts = [await renderCounts(consoles)];
  for (const work of consoles) parts.push(...(await renderTroubles(work)));
  return parts.join("\n\n");
}

async function renderCounts(consoles: readonly WorkConsole[]): Promise<string> {
  const headings = ["context", "outbox", "lag s", "held", "parked", "jobs waiting", "running", "failed", "stuck runs"];
  const rows = await Promise.all(
    consoles.map(async ({ context, counts }) => {
      const { outboxCount, outboxLagMs, heldCount, parkedCount, jobs, stuckCount } = await counts();
      const numbers = [outboxCount, Math.round(outboxLagMs / 1_000), heldCount, parkedCount, jobs.waiting, jobs.running, jobs.failed, stuckCount];
      return [context, ...numbers.map(String)];
    }),
  );
  return renderTable(headings, rows);
}

async function renderTroubles(work: WorkConsole): Promise<string[]> {
  const { context } = work;
  const [jobs, unknown, events, stranded, runs, versions] = await Promise.all([
    work.failedJobs(SHOWN_COUNT),
    work.unknownJobs(SHOWN_COUNT),
    work.parkedEvents(SHOWN_COUNT),
    work.strandedEvents(SHOWN_COUNT),
    work.stuckRuns(SHOWN_COUNT),
    work.runVersions(),
  ]);
  const tables = [
    table(`failed jobs of ${context}`, ["id", "job", "attempts", "reason"], jobs, ({ id, name, attempts, reason }) => [
      id,
      name,
      String(attempts),
      short(reason),
    ]),
    table(
      `jobs of ${context} that this version does not have`,
      ["job", "waiting", "oldest due s", "cure"],
      unknown,
      ({ name, count, oldestDueMs, cure }) => [oneLine(name), String(count), String(Math.round(oldestDueMs / 1_000)), cure],
    ),
    table(`parked events of ${context}`, ["id", "event", "key", "reason"], events, ({ id, producer, name, key, reason }) => [
      ...[id, `${producer}.${name}`, oneLine(key ?? "none"), short(reason)],
    ]),
    table(`held events of ${context} that need a decision`, ["id", "event", "key", "why"], stranded, ({ id, producer, name, key, reason }) => [
      ...[id, oneLine(`${producer}.${name}`), oneLine(key ?? "none"), reason],
    ]),
    table(`stuck runs of ${context}`, ["id", "workflow", "key", "reason"], runs, ({ id, workflow, version, key, reason }) => [
      ...[id, `${workflow} ${version}`, oneLine(key), short(reason)],
    ]),
    table(
      `versions of workflows of ${context}`,
      ["workflow", "open runs", "body", "what to do"],
      versions,
      ({ workflow, version, openCount, hasBody, advice }) => [
        ...[oneLine(`${workflow}@${version}`), String(openCount), hasBody ? "here" : "missing", oneLine(advice)],
      ],
    ),
  ];
  return tables.flat();
}

function table<Item>(title: string, headings: readonly string[], items: readonly Item[], toRow: (item: Item) => readonly string[]): string[] {
  return items.length === 0 ? [] : [`${title}\n${renderTable(headings, items.map(toRow))}`];
}

function short(reason: string | null): string {
  const text = oneLine(redactText(reason ?? "unknown"));
  return text.length > REASON_LENGTH ? `${text.slice(0, REASON_LENGTH)}...` : text;
}

/** Reasons and keys may come from any user, so characters that control a terminal are removed. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
