// For users: what an app is written with.

export { type RunAppOptions, runApp } from "./cli/run-app.ts";
export {
  type ContextModule,
  type ContextOf,
  defineContext,
  type ReaderOf,
  type StartContextOf,
  type SubscriptionContextOf,
  type TransactionOf,
} from "./define/define-context.ts";
export { type CallError, type CallOptions, type EnqueueOptions, type SafeCallResult, safeCall } from "./define/handler-context.ts";
export { outsideEffect, type WatchOptions } from "./define/handlers.ts";
export type { RunInfo, StepOptions, StepRetry } from "./define/workflow-handlers.ts";
export type { AppCookie, AppEdge, AppRoutes } from "./edge/app-routes/app-routes.ts";
export type { EdgeRequest } from "./edge/http/edge-request.ts";
export type { ApiInfo } from "./edge/openapi/create-document.ts";
export type { CatalogueCode } from "./kernel/error-catalogue.ts";
export { catalogueError, HolonError, isHolonError } from "./kernel/holon-error.ts";
export type { Logger } from "./kernel/log.ts";
export { type AnonymousPrincipal, type Principal, principalName, type SystemPrincipal, type UserPrincipal } from "./kernel/principal.ts";
export { createLogger } from "./observe/logger.ts";
export { type App, type AppOptions, type AskApp, type Authenticate, defineApp, type OpsSignIn } from "./process/app/define-app.ts";
export { type JobOptions, job } from "./work/jobs/job.ts";
export { schedule } from "./work/schedules/schedule.ts";
export type { WatchedEvent } from "./work/watch/watcher.ts";
export { type WorkflowOptions, workflow } from "./work/workflows/workflow.ts";
export type { RunState, StartedRun, WorkflowRun } from "./work/workflows/workflow-run.ts";

// For authors of extensions: the types behind a context; and the plan, document, errors and process of an app, for programs that work with any app.

export type { ContextDefinition, ContextOptions, ContextParts } from "./define/define-context.ts";
export type { BaseContext, CallPromise, Calls, ContextTypes, HandlerContext, Transaction } from "./define/handler-context.ts";
export type { HandlersOf, JobArguments, JobHandlersOf, RulesOf, StartContext, StartHandler, SubscriptionContext, Watch } from "./define/handlers.ts";
export type { Steps, WorkflowArguments, WorkflowHandlersOf } from "./define/workflow-handlers.ts";
export type { OpenApiDocument } from "./edge/openapi/create-document.ts";
export { documentText } from "./edge/openapi/docs-routes.ts";
export type { Clock } from "./kernel/clock.ts";
export { ERROR_CATALOGUE } from "./kernel/error-catalogue.ts";
export { openApiOf, shapeOf } from "./process/app/define-app.ts";
export { ConfigurationError, type ConfigurationFault } from "./process/plan/configuration-error.ts";
export type { AppShape, Plan } from "./process/plan/plan.ts";
export { readPlan } from "./process/plan/read-plan.ts";
export { renderPlan } from "./process/plan/render-plan.ts";
export { type ProcessOptions, type RunningProcess, startProcess } from "./process/start/start-process.ts";
export type { JobSpec } from "./work/jobs/job.ts";
export type { ScheduleSpec } from "./work/schedules/schedule.ts";
export type { WorkflowSpec } from "./work/workflows/workflow.ts";
