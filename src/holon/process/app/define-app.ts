import type { ContextModule } from "../../define/index.ts";
import type { ApiInfo, AppRoutes, EdgeRequest } from "../../edge/index.ts";
import type { Principal } from "../../kernel/index.ts";
import type { Credentials } from "../../ops/dashboard/index.ts";
import type { AllowedCycle } from "../plan/app-shape.ts";

/**
 * Decides, once a request and at the edge only, who a call is made for.
 *
 * Shape: undefined means nobody signed in; an answer that is no promise costs none. `ask` is for proofs that only a context can check, as one that is good once.
 * Errors: throw UNAUTHORIZED for a token that is there and not good; anything else thrown is a defect.
 */
export type Authenticate = (request: EdgeRequest, ask: AskApp) => Principal | undefined | Promise<Principal | undefined>;

/** Calls a procedure of the app by its path, as in `users.signIn`, as anybody from outside may. Errors: those of the contract and of the catalogue. */
export type AskApp = (procedure: string, input: unknown) => Promise<unknown>;

/** Knows a person by e-mail and password. Shape: a bearer token that `authenticate` takes; undefined where they are not good. */
export type OpsSignIn = (credentials: Credentials, ask: AskApp) => Promise<string | undefined>;

/** What {@link defineApp} takes. */
export interface AppOptions {
  /** Lower-case letters and digits; names the development database and the metrics. */
  readonly name: string;
  readonly contexts: readonly ContextModule[];
  /** What its OpenAPI document says of it; where nothing is said, the title is its name and the version 0.0.0. */
  readonly api?: Partial<ApiInfo>;
  readonly authenticate?: Authenticate;
  /** Lets admins sign in to the dashboard with e-mail and password; with a bearer token they always can. */
  readonly opsSignIn?: OpsSignIn;
  /** Adds HTTP routes of the app's own to the public port: sessions in cookies, web hooks, the files of a frontend. */
  readonly routes?: AppRoutes;
  /** Folder that holds one folder of SQL migrations a context; `migrations` under the working folder where none is given. */
  readonly migrations?: string;
  /** Contexts that may call each other in a circle, each with the reason; circles that are not listed refuse to start. */
  readonly allowedCycles?: readonly AllowedCycle[];
}

/** A backend: its contexts, and who may call. Plain data; nothing runs until a process is started from it. */
export interface App extends AppOptions {
  readonly kind: "app";
}

/** Declares an app. Which process hosts which context is decided when it is started. */
export function defineApp(options: AppOptions): App {
  return { kind: "app", ...options };
}
