import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RateCounter } from "../../edge/rates/rate-counter.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { type Admin, Admission, isRefusal } from "./admission.ts";
import type { DashboardDeps } from "./dashboard-deps.ts";
import { takeForms } from "./form-body.ts";
import { addBoard } from "./job-board.ts";
import { STYLE } from "./page.ts";
import { SessionCookie, Sessions } from "./sessions.ts";
import { addSignIn, FIRST_PAGE, showSignIn } from "./sign-in.ts";
import { addWork } from "./work-page.ts";

/** Failed sign-ins that each process allows for one address. */
const WRONG_TRIES = { limit: 5, windowMs: 5 * 60_000, keysCount: 10_000 };

/**
 * Adds the dashboard below `/ops`: sign-in, the page of background work, and Bull Board.
 *
 * Guarantee: everything except the sign-in page and its style is for admins only. Other requests get 401 without a known user, and 403 for a user that is not
 * an admin.
 */
export async function addDashboard(app: FastifyInstance, deps: DashboardDeps, log: Logger): Promise<void> {
  const { appName, secret, signIn, clock } = deps;
  const sessions = new Sessions(secret, clock);
  const cookie = new SessionCookie(appName);
  const admission = new Admission(deps, sessions, cookie, log);
  const tries = new RateCounter({ ...WRONG_TRIES, clock, shared: undefined });
  const signInDeps = { appName, takesPassword: signIn !== undefined, admission, sessions, cookie, tries, log };
  const admins = new WeakMap<FastifyRequest, Admin>();
  const adminOf = (request: FastifyRequest): Admin => {
    const admin = admins.get(request);
    if (admin === undefined) throw catalogueError("UNAUTHORIZED", "No user is signed in.");
    return admin;
  };
  await app.register(
    async (scope) => {
      takeForms(scope);
      addSignIn(scope, signInDeps);
      scope.get("/style.css", (_request, reply) =>
        reply.header("content-type", "text/css; charset=utf-8").header("cache-control", "max-age=300").send(STYLE),
      );
      await scope.register(async (guarded) => {
        guarded.addHook("onRequest", async (request, reply) => {
          try {
            admins.set(request, await admission.admit(request));
          } catch (error) {
            if (isRefusal(error) && wantsPage(request)) return showSignIn(reply, error.status, signInDeps, request.url);
            throw error;
          }
        });
        guarded.get("/", (_request, reply: FastifyReply) => reply.redirect(FIRST_PAGE, 303));
        addWork(guarded, deps, adminOf);
        addBoard(guarded, deps, adminOf);
      });
    },
    { prefix: "/ops" },
  );
}

/** Whether a browser requests a page. All other requests are taken for those of programs, which want data. */
function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === "GET" && headers.accept?.includes("text/html") === true;
}
