import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { assertSameOrigin } from "../../edge/http/origin-policy.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { redactText } from "../../observe/redaction.ts";
import type { ParkedEvent, StrandedEvent, StuckRun, WorkAdmin, WorkCounts } from "../../work/admin/work-admin.ts";
import type { FailedJob, UnknownJobs } from "../../work/jobs/job-admin.ts";
import type { Admin, AdminOf } from "./admission.ts";
import type { DashboardDeps } from "./dashboard-deps.ts";
import { formField } from "./form-body.ts";
import { type Content, html, type Markup, type Page, sendPage } from "./page.ts";
import { isEqual } from "./sessions.ts";
import { withoutSecrets } from "./shown-data.ts";

const DECISIONS: Readonly<Record<string, { readonly said: string; decide(work: WorkAdmin, id: string): Promise<boolean> }>> = {
  rerun: { said: "The job runs again.", decide: (work, id) => work.rerunJob(id) },
  release: { said: "The event is tried again.", decide: (work, id) => work.releaseEvent(id) },
  skip: { said: "The event is skipped.", decide: (work, id) => work.skipEvent(id) },
  resume: { said: "The run goes on.", decide: (work, id) => work.resumeRun(id) },
};
const TOO_LATE = "This row needs no decision any more: another admin has decided, or the work went on by itself.";

interface DecisionParams {
  readonly context: string;
  readonly action: string;
}

/** Adds the page of background work, the same data as JSON, and the decisions about it. */
export function addWork(scope: FastifyInstance, deps: DashboardDeps, adminOf: AdminOf): void {
  const { appName, admins, isWriteAllowed } = deps;
  scope.get<{ Querystring: { did?: string } }>("/work", async (request, reply) => {
    const { formToken } = adminOf(request);
    const { did = "" } = request.query;
    const message = did === "late" ? TOO_LATE : Object.hasOwn(DECISIONS, did) ? DECISIONS[did]?.said : undefined;
    const view = { appName, reports: await reportWork(admins()), signOut: formToken !== undefined, message };
    return sendPage(reply, 200, workPage({ ...view, formToken: isWriteAllowed ? formToken : undefined }));
  });
  scope.get("/work.json", async (_request, reply) =>
    reply.header("cache-control", "no-store").send({ app: appName, contexts: withoutSecrets(await reportWork(admins())) }),
  );
  scope.post<{ Params: DecisionParams }>("/work/:context/:action", (request, reply) => decide(request, reply, deps, adminOf(request)));
}

async function decide(
  request: FastifyRequest<{ Params: DecisionParams }>,
  reply: FastifyReply,
  { admins, isWriteAllowed }: DashboardDeps,
  { formToken }: Admin,
): Promise<FastifyReply> {
  const { context, action } = request.params;
  if (!isWriteAllowed) throw catalogueError("FORBIDDEN", "This dashboard is read-only. Set HOLON_OPS_WRITE=yes to allow changes.");
  if (formToken !== undefined) {
    assertSameOrigin(request);
    if (!isEqual(formField(request, "form"), formToken)) throw catalogueError("FORBIDDEN", "The form is too old: load the page again.");
  }
  const work = admins().find((candidate) => candidate.context === context);
  const decision = Object.hasOwn(DECISIONS, action) ? DECISIONS[action] : undefined;
  if (work === undefined || decision === undefined) throw catalogueError("NOT_FOUND", "There is no route for this method and path.");
  const isDone = await decision.decide(work, formField(request, "id"));
  if (formToken !== undefined) return reply.redirect(`/ops/work?did=${isDone ? action : "late"}`, 303);
  if (!isDone) throw catalogueError("NOT_FOUND", TOO_LATE);
  return reply.send({ done: true });
}

/** The background work of one context; only `problem` if its database does not answer. */
type ContextReport =
  | {
      readonly context: string;
      readonly counts: WorkCounts;
      readonly failedJobs: readonly FailedJob[];
      readonly unknownJobs: readonly UnknownJobs[];
      readonly parkedEvents: readonly ParkedEvent[];
      readonly strandedEvents: readonly StrandedEvent[];
      readonly stuckRuns: readonly StuckRun[];
    }
  | { readonly context: string; readonly problem: string };

/** The most rows of each kind that are shown for a context. */
const SHOWN_COUNT = 100;

/** Reads all contexts at once. A context that cannot be read does not hide the others. */
function reportWork(admins: readonly WorkAdmin[]): Promise<ContextReport[]> {
  return Promise.all(admins.map(reportContext));
}

async function reportContext(work: WorkAdmin): Promise<ContextReport> {
  const { context } = work;
  try {
    const counts = await work.counts();
    const [failedJobs, unknownJobs, parkedEvents, strandedEvents, stuckRuns] = await Promise.all([
      work.failedJobs(SHOWN_COUNT),
      work.unknownJobs(SHOWN_COUNT),
      work.parkedEvents(SHOWN_COUNT),
      work.strandedEvents(SHOWN_COUNT),
      work.stuckRuns(SHOWN_COUNT),
    ]);
    return { context, counts, failedJobs, unknownJobs, parkedEvents, strandedEvents, stuckRuns };
  } catch {
    return { context, problem: "The database does not answer." };
  }
}

/** The content of the page of background work. */
interface WorkView {
  readonly appName: string;
  readonly reports: readonly ContextReport[];
  /** For the buttons of the page; undefined if nothing may be changed. */
  readonly formToken: string | undefined;
  readonly signOut: boolean;
  /** Reports the last decision. */
  readonly message?: string | undefined;
}

/** A job, event or run that an operator decides about. */
interface Row {
  readonly context: string;
  readonly id: string;
  readonly cells: readonly Content[];
  readonly reason: string | null;
  /** Set if the actions of the list are not all possible for this row. */
  readonly actions?: readonly Action[];
}

/** The action of a button. */
interface Action {
  readonly action: string;
  readonly label: string;
}

/** A list of rows that an operator decides about, and the actions for each row. */
interface Listing {
  readonly title: string;
  readonly none: string;
  readonly headings: readonly string[];
  readonly rows: readonly Row[];
  readonly actions: readonly Action[];
}

const SKIP: Action = { action: "skip", label: "Skip" };

/** The page of background work that waits, failed or is stuck. */
function workPage({ appName, reports, formToken, signOut, message }: WorkView): Page {
  const known = reports.flatMap((report) => ("problem" in report ? [] : [report]));
  const listings: Listing[] = [
    {
      title: "Failed jobs",
      none: "No job has failed for good.",
      headings: ["Job", "Failed at", "Attempts"],
      actions: [{ action: "rerun", label: "Run again" }],
      rows: known.flatMap(({ context, failedJobs }) =>
        failedJobs.map(({ id, name, reason, attempts, failedAt }) => ({ context, id, reason, cells: [name, moment(failedAt), attempts] })),
      ),
    },
    {
      title: "Jobs that this version does not have",
      none: "This version has all jobs that wait.",
      headings: ["Job", "Waiting", "Oldest due"],
      actions: [],
      rows: known.flatMap(({ context, unknownJobs }) =>
        unknownJobs.map(({ name, count, oldestDueMs, cure }) => ({ context, id: name, reason: cure, cells: [name, count, duration(oldestDueMs)] })),
      ),
    },
    {
      title: "Parked events",
      none: "No event is parked.",
      headings: ["Event", "Key", "Attempts"],
      actions: [{ action: "release", label: "Try again" }, SKIP],
      rows: known.flatMap(({ context, parkedEvents }) =>
        parkedEvents.map(({ id, producer, name, key, attempts, reason }) => ({
          context,
          id,
          reason,
          cells: [`${producer}.${name}`, key ?? "none", attempts],
        })),
      ),
    },
    {
      title: "Held events that need a decision",
      none: "No held event needs a decision.",
      headings: ["Event", "Key"],
      actions: [{ action: "release", label: "Wait no longer" }, SKIP],
      rows: known.flatMap(({ context, strandedEvents }) =>
        strandedEvents.map(({ id, producer, name, key, waitsFor, reason }) => ({
          ...{ context, id, reason, cells: [`${producer}.${name}`, key ?? "none"] },
          // An event without a handler here cannot be processed.
          ...(waitsFor === "handler" ? { actions: [SKIP] } : {}),
        })),
      ),
    },
    {
      title: "Stuck workflow runs",
      none: "No run is stuck.",
      headings: ["Workflow", "Key", "Version"],
      actions: [{ action: "resume", label: "Resume" }],
      rows: known.flatMap(({ context, stuckRuns }) =>
        stuckRuns.map(({ id, workflow, version, key, reason }) => ({ context, id, reason, cells: [workflow, key, version] })),
      ),
    },
  ];
  return {
    title: `${appName}: background work`,
    navigation: html`<strong>${appName}: operations</strong><a href="/ops/work" aria-current="page">Work</a><a href="/ops/jobs">Queues</a>${
      signOut ? html`<form method="post" action="/ops/sign-out"><button>Sign out</button></form>` : undefined
    }`,
    content: html`<h1>Background work</h1>${message === undefined ? undefined : html`<p role="status">${message}</p>`}${countsTable(reports)}${listings.map(
      (listing) => listingTable(listing, formToken),
    )}`,
  };
}

function countsTable(reports: readonly ContextReport[]): Markup {
  if (reports.length === 0)
    return html`<p>No context with a database is hosted in this process. Use the dashboards of the processes that host them.</p>`;
  const headings = [
    "Outbox",
    "Outbox lag",
    "Held events",
    "Parked events",
    "Jobs waiting",
    "Jobs running",
    "Oldest due",
    "Jobs failed",
    "Stuck runs",
  ];
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Counts"><table><thead><tr><th scope="col">Context</th>${headings.map(
    (heading) => html`<th scope="col" class="number">${heading}</th>`,
  )}</tr></thead><tbody>${reports.map(countsRow)}</tbody></table></div>`;
}

function countsRow(report: ContextReport): Markup {
  const name = html`<th scope="row">${report.context}</th>`;
  if ("problem" in report) return html`<tr>${name}<td colspan="9" class="bad">${report.problem}</td></tr>`;
  const { outboxCount, outboxLagMs, heldCount, parkedCount, jobs, stuckCount } = report.counts;
  const calm: Content[] = [outboxCount, duration(outboxLagMs), heldCount];
  const cells = [...calm, alarming(parkedCount), jobs.waiting, jobs.running, duration(jobs.oldestDueMs), alarming(jobs.failed), alarming(stuckCount)];
  return html`<tr>${name}${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
}

function listingTable({ title, none, headings, rows, actions }: Listing, formToken: string | undefined): Markup {
  if (rows.length === 0) return html`<h2>${title}</h2><p class="soft">${none}</p>`;
  const heads = ["Context", ...headings, "Reason", ...(formToken === undefined ? [] : ["Decide"]), "Id"];
  return html`<h2>${title}</h2><div class="scroll" role="region" tabindex="0" aria-label="${title}"><table><thead><tr>${heads.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead><tbody>${rows.map(
    ({ context, id, cells, reason, actions: own = actions }) =>
      html`<tr><td>${context}</td>${cells.map((cell) => html`<td>${cell}</td>`)}<td class="reason">${redactText(reason ?? "unknown")}</td>${
        formToken === undefined
          ? undefined
          : html`<td>${own.map(
              ({ action, label }) =>
                html`<form class="inline" method="post" action="/ops/work/${context}/${action}"><input type="hidden" name="id" value="${id}"><input type="hidden" name="form" value="${formToken}"><button aria-label="${label}: ${context} ${id}">${label}</button></form>`,
            )}</td>`
      }<td class="id">${id}</td></tr>`,
  )}</tbody></table></div>`;
}

function alarming(count: number): Content {
  return count === 0 ? 0 : html`<span class="bad">${count}</span>`;
}

/** A time for people, to the second. */
function moment(iso: string): string {
  return `${iso.slice(0, 19).replace("T", " ")} UTC`;
}

/** A short duration for people, in the largest unit that fits. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
