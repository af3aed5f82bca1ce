import type { Authenticate } from "../../edge/edge-options.ts";
import type { Clock } from "../../kernel/index.ts";
import type { WorkConsole } from "../../work/admin/index.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";

/** What a person types in to sign in. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Knows a person by e-mail and password. Shape: a bearer token that `authenticate` takes; undefined, or a refusal thrown, where they are not good. */
export type SignIn = (credentials: Credentials) => Promise<string | undefined>;

/** What the dashboard is made from. */
export interface DashboardOptions {
  readonly appName: string;
  /** The same for all processes of the app: who signed in at one is signed in at all. */
  readonly secret: string;
  /** False shows everything and changes nothing. */
  readonly isWriteAllowed: boolean;
  /** The app's own; users with the role `admin` are let in. */
  readonly authenticate: Authenticate;
  /** Offers e-mail and password beside the bearer token. */
  readonly signIn?: SignIn | undefined;
  /** Names of the queues of all contexts of the app, hosted here or not. */
  readonly queues: readonly string[];
  /** Asked at each look; undefined where this process reaches no queue. Errors: UNAVAILABLE. */
  readonly backend: () => Promise<Pick<QueueBackend, "inspect" | "reachable"> | undefined>;
  /** Of the contexts hosted here. */
  readonly consoles: () => readonly WorkConsole[];
  readonly clock: Clock;
}
