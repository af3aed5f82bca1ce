import { type Clock, systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Principal } from "../../kernel/principal.ts";
import { CallMetrics } from "../../observe/call-metrics.ts";
import { createMetrics } from "../../observe/metrics.ts";
import type { WorkAdmin } from "../../work/admin/work-admin.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";
import { createOpsServer, type OpsServer } from "../ops-server.ts";
import type { DashboardDeps } from "./dashboard-deps.ts";

/** Tokens that the app of these tests knows. */
const TOKENS: Readonly<Record<string, Principal>> = {
  "admin-token-canary": { kind: "user", id: "ada", roles: ["admin"] },
  "user-token-canary": { kind: "user", id: "bob", roles: ["user"] },
  "system-token": { kind: "system", context: "orders", task: "anything" },
};

/** The parts of a dashboard that a test chooses. */
interface DashboardPlace extends Partial<DashboardDeps> {
  readonly log: Logger;
  readonly backendOpened?: QueueBackend;
}

/** Starts an operations port with a dashboard. */
export function openDashboard({ log, backendOpened, ...others }: DashboardPlace): Promise<OpsServer> {
  const clock: Clock = others.clock ?? systemClock;
  return createOpsServer({
    port: 0,
    metrics: createMetrics({ calls: new CallMetrics({ procedures: [], callers: [] }), gauges: [] }),
    readiness: () => ({ ready: true, reasons: [] }),
    log,
    dashboard: {
      appName: "shop",
      secret: "the secret of the app, canary",
      isWriteAllowed: false,
      queues: ["jobs.orders", "events.orders", "ack.orders"],
      backend: async () => backendOpened,
      admins: (): readonly WorkAdmin[] => [],
      authenticate({ authorization }) {
        const principal = TOKENS[authorization?.replace("Bearer ", "") ?? ""];
        if (principal === undefined) throw catalogueError("UNAUTHORIZED", "No such token.");
        return principal;
      },
      ...others,
      clock,
    },
  });
}

/** A user's browser: sends the headers of a browser, and keeps its cookie. */
export class Browser {
  readonly #url: string;
  cookie = "";

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.#url + path, { redirect: "manual", headers: { accept: "text/html", cookie: this.cookie, ...headers } });
  }

  send(method: string, path: string, fields?: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    const browser = { accept: "text/html", cookie: this.cookie, "sec-fetch-site": "same-origin" };
    return fetch(this.#url + path, {
      method,
      redirect: "manual",
      headers: { ...browser, ...headers },
      ...(fields === undefined ? {} : { body: new URLSearchParams(fields) }),
    });
  }

  async signIn(token: string, headers: Record<string, string> = {}): Promise<Response> {
    const answer = await this.send("POST", "/ops/sign-in", { token, next: "/ops/jobs" }, headers);
    this.cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
    return answer;
  }
}
