import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { assertSameOrigin } from "../../edge/http/origin-policy.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { WorkAdmin } from "../../work/admin/work-admin.ts";
import type { Admin, AdminOf } from "./admission.ts";
import type { DashboardDeps } from "./dashboard-deps.ts";
import { formField } from "./form-body.ts";
import { sendPage } from "./page.ts";
import { isEqual } from "./sessions.ts";
import { withoutSecrets } from "./shown-data.ts";
import { reportWork, workPage } from "./work-page.ts";

const DECISIONS: Readonly<Record<string, { readonly said: string; decide(work: WorkAdmin, id: string): Promise<boolean> }>> = {
  rerun: { said: "The job runs again.", decide: (work, id) => work.rerunJob(id) },
  release: { said: "The event is tried again.", decide: (work, id) => work.releaseEvent(id) },
  skip: { said: "The event is skipped.", decide: (work, id) => work.skipEvent(id) },
  resume: { said: "The run goes on.", decide: (work, id) => work.resumeRun(id) },
};
const TOO_LATE = "There is no such thing any more: another admin has decided, or it went on by itself.";

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
  if (!isWriteAllowed) throw catalogueError("FORBIDDEN", "The dashboard may only be read. HOLON_OPS_WRITE=yes allows it to change things.");
  if (formToken !== undefined) {
    assertSameOrigin(request);
    if (!isEqual(formField(request, "form"), formToken)) throw catalogueError("FORBIDDEN", "The form is too old: load the page again.");
  }
  const work = admins().find((candidate) => candidate.context === context);
  const decision = Object.hasOwn(DECISIONS, action) ? DECISIONS[action] : undefined;
  if (work === undefined || decision === undefined) throw catalogueError("NOT_FOUND", "Nothing answers here.");
  const isDone = await decision.decide(work, formField(request, "id"));
  if (formToken !== undefined) return reply.redirect(`/ops/work?did=${isDone ? action : "late"}`, 303);
  if (!isDone) throw catalogueError("NOT_FOUND", TOO_LATE);
  return reply.send({ done: true });
}
