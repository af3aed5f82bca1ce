import { type ContractMap, walkProcedures } from "../../contract/index.ts";
import type { ContextModule } from "../../define/define-context.ts";
import type { AppRoutes } from "../../edge/app-routes/app-routes.ts";
import type { EdgeRequest } from "../../edge/http/edge-request.ts";
import { type ApiInfo, createOpenApiDocument, type OpenApiDocument } from "../../edge/openapi/create-document.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { Credentials } from "../../ops/dashboard/dashboard-deps.ts";
import type { AllowedCycle, AppShape, ContextShape } from "../plan/plan.ts";
import { queuesOf } from "../start/context-work.ts";

/**
 * Decides for which principal a request is made: once for each request, and at the edge only.
 *
 * Shape: undefined means that no user is signed in. An answer that is not a promise costs no wait. Use `ask` for a proof that only a context can check, such as
 * a proof that is valid only once.
 * Errors: throw UNAUTHORIZED if there is a token and it is not valid; any other error is a defect.
 */
export type Authenticate = (request: EdgeRequest, ask: AskApp) => Principal | undefined | Promise<Principal | undefined>;

/**
 * Calls a procedure of the app by its path, such as `users.signIn`, with the rights of an anonymous caller from outside. Errors: those of the contract and of
 * the catalogue.
 */
export type AskApp = (procedure: string, input: unknown) => Promise<unknown>;

/** Checks a user's e-mail and password. Shape: a bearer token that `authenticate` accepts; undefined if e-mail or password is wrong. */
export type OpsSignIn = (credentials: Credentials, ask: AskApp) => Promise<string | undefined>;

/** Options of {@link defineApp}. */
export interface AppOptions {
  /** Lower-case letters and digits. The development database, the queues and the lines of the log have this name. */
  readonly name: string;
  readonly contexts: readonly ContextModule[];
  /** Title, version and more of the app's OpenAPI document. By default the title is the name of the app, and the version is 0.0.0. */
  readonly api?: Partial<ApiInfo>;
  readonly authenticate?: Authenticate;
  /** Lets admins sign in to the dashboard with e-mail and password; they can always sign in with a bearer token. */
  readonly opsSignIn?: OpsSignIn;
  /** Adds HTTP routes of the app's own to the public port: sessions in cookies, web hooks, the files of a frontend. */
  readonly routes?: AppRoutes;
  /** Folder that contains one folder of SQL migrations for each context; by default `migrations` in the working folder. */
  readonly migrations?: string;
  /** Contexts that may call each other in a circle, each with the reason. If the app has a circle that is not listed, it does not start. */
  readonly allowedCycles?: readonly AllowedCycle[];
}

/** A backend: its contexts, and how it recognizes its users. It is plain data: nothing runs until a process is started from it. */
export interface App extends AppOptions {
  readonly kind: "app";
}

/** Declares an app. Which contexts a process hosts is decided when the process is started. */
export function defineApp(options: AppOptions): App {
  return { kind: "app", ...options };
}

/** The part of an app that the environment is checked against: the names and needs of its contexts, without their handlers. */
export function shapeOf(app: App): AppShape {
  return {
    name: app.name,
    ...(app.allowedCycles === undefined ? {} : { allowedCycles: app.allowedCycles }),
    contexts: app.contexts.map(toShape),
  };
}

function toShape(module: ContextModule): ContextShape {
  const { name, contract, calls, subscribesTo, tables, jobs, workflows } = module;
  const procedures = [...walkProcedures(contract.procedures)].map(([, procedure]) => procedure);
  const keepsKeys = procedures.some(({ type, idempotent }) => type === "mutation" && idempotent === true);
  return {
    name,
    calls: namesOf(calls),
    subscribesTo: namesOf(subscribesTo),
    hasPublicProcedures: procedures.some(({ access }) => access !== "internal"),
    hasTables:
      tables !== undefined || keepsKeys || [contract.events, jobs, subscribesTo, workflows].some((declared) => Object.keys(declared).length > 0),
    workersCount: queuesOf(module).length,
  };
}

function namesOf(contracts: ContractMap): string[] {
  return Object.values(contracts).map((contract) => contract.name);
}

/**
 * The OpenAPI 3.1 document of an app, as every process of the app serves it at `/openapi.json`. Nothing is started.
 *
 * Errors: ContractError if two schemas have the same schema id.
 */
export function openApiOf({ name, api, contexts }: App): OpenApiDocument {
  return createOpenApiDocument(
    { title: name, version: "0.0.0", ...api },
    contexts.map(({ contract }) => contract),
  );
}
