import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { assertSameOrigin } from "../../edge/http/origin-policy.ts";
import { clientNetwork } from "../../edge/rates/client-network.ts";
import type { RateCounter } from "../../edge/rates/rate-counter.ts";
import { isHolonError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { type Admission, isRefusal } from "./admission.ts";
import { formField } from "./form-body.ts";
import { html, type Page, sendPage } from "./page.ts";
import type { SessionCookie, Sessions } from "./sessions.ts";

/** What the sign-in routes share with the other routes. */
interface SignInDeps {
  readonly appName: string;
  readonly takesPassword: boolean;
  readonly admission: Admission;
  readonly sessions: Sessions;
  readonly cookie: SessionCookie;
  readonly tries: RateCounter;
  readonly log: Logger;
}

/** The page that is shown after a sign-in if no other page was requested. */
export const FIRST_PAGE = "/ops/work";

const OWN_PATH = /^\/ops\/[\w./?=&%+-]*$/;

/** Adds the pages for signing in and out. */
export function addSignIn(scope: FastifyInstance, deps: SignInDeps): void {
  scope.get("/sign-in", (_request, reply) => showSignIn(reply, 200, deps, FIRST_PAGE));
  scope.post("/sign-in", (request, reply) => signIn(request, reply, deps));
  scope.post("/sign-out", async (request, reply) => {
    assertSameOrigin(request);
    return reply.header("set-cookie", deps.cookie.remove(request)).redirect("/ops/sign-in", 303);
  });
}

/** Shows the sign-in page, as a page of its own or in place of another page. */
export function showSignIn(
  reply: FastifyReply,
  status: number,
  { appName, takesPassword }: SignInDeps,
  next: string,
  problem?: string,
): FastifyReply {
  const view = { appName, takesPassword, next: OWN_PATH.test(next) ? next : FIRST_PAGE };
  return sendPage(reply, status, signInPage(problem === undefined ? view : { ...view, problem }));
}

async function signIn(request: FastifyRequest, reply: FastifyReply, deps: SignInDeps): Promise<FastifyReply> {
  assertSameOrigin(request);
  const { admission, sessions, cookie, tries, log } = deps;
  const next = formField(request, "next");
  const address = request.ip;
  const network = clientNetwork(address);
  // The try is counted before it is checked, so that many tries at once get no more attempts than tries one after another.
  const tried = await tries.takeExactly(network);
  if (typeof tried === "number") {
    reply.header("retry-after", Math.ceil(tried / 1_000));
    return showSignIn(reply, 429, deps, next, "Too many wrong tries. Wait some minutes.");
  }
  try {
    const token = formField(request, "token");
    const userId = await (token === ""
      ? admission.byPassword(request.raw, { email: formField(request, "email"), password: formField(request, "password") })
      : admission.byTypedToken(request.raw, token));
    tried();
    log.info({ userId, address }, "an admin signed in to the dashboard");
    const value = sessions.issue(userId);
    return reply.header("set-cookie", cookie.set(request, value, sessions.lifetimeMs)).redirect(OWN_PATH.test(next) ? next : FIRST_PAGE, 303);
  } catch (error) {
    if (isHolonError(error, "UNAVAILABLE")) return showSignIn(reply, 503, deps, next, "Passwords cannot be checked here now. Use a token.");
    if (!isRefusal(error)) throw error;
    log.warn({ address, code: error.code }, "a sign-in to the dashboard was refused");
    const problem = error.code === "FORBIDDEN" ? "This user is not an admin." : "The credentials are wrong, or no longer valid.";
    return showSignIn(reply, error.status, deps, next, problem);
  }
}

/** The content of the sign-in page. */
interface SignInView {
  readonly appName: string;
  /** The page to open after the sign-in. */
  readonly next: string;
  readonly takesPassword: boolean;
  readonly problem?: string;
}

/** The page on which an admin signs in. */
function signInPage({ appName, next, takesPassword, problem }: SignInView): Page {
  const hidden = html`<input type="hidden" name="next" value="${next}">`;
  const password = html`<form class="card" method="post" action="/ops/sign-in">${hidden}
<label>E-mail<input type="email" name="email" autocomplete="username" required autofocus></label>
<label>Password<input type="password" name="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>`;
  const token = html`<form class="card" method="post" action="/ops/sign-in">${hidden}
<label>Bearer token of an admin<input type="password" name="token" autocomplete="off" required></label>
<button>Sign in with a token</button></form>`;
  return {
    title: `${appName}: sign in`,
    isNarrow: true,
    content: html`<h1>${appName}: operations</h1>${problem === undefined ? undefined : html`<p role="alert">${problem}</p>`}
<p class="soft">Only admins may sign in.</p>${takesPassword ? password : undefined}${token}`,
  };
}
