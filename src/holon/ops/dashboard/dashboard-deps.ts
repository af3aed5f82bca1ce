import type { Authenticate } from "../../edge/edge.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { WorkAdmin } from "../../work/admin/work-admin.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";

/** The values that a user types to sign in. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Checks a user's e-mail and password. Shape: a bearer token that `authenticate` accepts; undefined, or a thrown refusal, if e-mail or password is wrong. */
export type SignIn = (credentials: Credentials) => Promise<string | undefined>;

export interface DashboardDeps {
  readonly appName: string;
  /** All processes of the app have the same secret: a user that signed in at one process is signed in at all. */
  readonly secret: string;
  /** False shows everything and allows no change. */
  readonly isWriteAllowed: boolean;
  /** The app's own `authenticate`; users with the role `admin` may use the dashboard. */
  readonly authenticate: Authenticate;
  /** Offers e-mail and password in addition to the bearer token. */
  readonly signIn?: SignIn | undefined;
  /** Names of the queues of all contexts of the app, hosted here or not. */
  readonly queues: readonly string[];
  /** Called for each view; undefined if this process reaches no queue. Errors: UNAVAILABLE. */
  readonly backend: () => Promise<Pick<QueueBackend, "inspect" | "reachable"> | undefined>;
  /** The admin interfaces of the contexts hosted here. */
  readonly admins: () => readonly WorkAdmin[];
  readonly clock: Clock;
}
