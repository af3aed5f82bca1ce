import { type AppEdge, type AppRoutes, catalogueError, isHolonError } from "holon";
import { Session } from "#contracts/users";

type App = Parameters<AppRoutes>[0];
type Reply = Parameters<AppEdge["setCookie"]>[1];
type Request = Parameters<AppEdge["setCookie"]>[0];

const COOKIE = "shop_refresh";
/** Below this, and nowhere else, a browser sends the cookie. */
const PATH = "/auth";

/**
 * The session of a browser: the refresh token lives in a cookie that no script reads, the access token in the page's memory.
 *
 * Shape: `POST /auth/sign-in` and `/auth/refresh` answer `{ token, expiresAt, user }`, `/auth/sign-out` nothing, `/auth/ticket` `{ ticket, expiresAt }`.
 * Errors: FORBIDDEN for what another site's page may have sent; 401 takes the cookie away; where users cannot be asked, it stays.
 */
export function addSessionRoutes(app: App, edge: AppEdge, nowMs: () => number): void {
  const enter = (request: Request, reply: Reply, answer: unknown): object => {
    const { token, expiresAt, user, refreshToken, refreshExpiresAt } = Session.parse(answer);
    const maxAgeSeconds = Math.floor((Date.parse(refreshExpiresAt) - nowMs()) / 1_000);
    edge.setCookie(request, reply, COOKIE, refreshToken, { path: PATH, maxAgeSeconds });
    reply.header("cache-control", "no-store");
    return { token, expiresAt, user };
  };
  const leave = (request: Request, reply: Reply): void => {
    edge.setCookie(request, reply, COOKIE, "", { path: PATH, maxAgeSeconds: 0 });
    reply.header("cache-control", "no-store");
  };

  app.post(`${PATH}/sign-in`, async (request, reply) => {
    edge.assertSameOrigin(request);
    return enter(request, reply, await edge.callAnonymously("users.signIn", request.body, request));
  });

  app.post(`${PATH}/refresh`, async (request, reply) => {
    edge.assertSameOrigin(request);
    const refreshToken = edge.cookie(request, COOKIE);
    if (refreshToken === undefined) throw catalogueError("UNAUTHORIZED", "Nobody is signed in here.");
    try {
      return enter(request, reply, await edge.callAnonymously("users.refresh", { refreshToken }, request));
    } catch (error) {
      if (!isHolonError(error, "UNAUTHORIZED")) unlessNone(error);
      leave(request, reply);
      throw catalogueError("UNAUTHORIZED", "The session is over.");
    }
  });

  app.post(`${PATH}/sign-out`, async (request, reply) => {
    edge.assertSameOrigin(request);
    const refreshToken = edge.cookie(request, COOKIE);
    if (refreshToken !== undefined) await edge.callAnonymously("users.signOut", { refreshToken }, request).catch(unlessNone);
    leave(request, reply);
    return reply.code(204).send();
  });

  // No cookie is trusted here: the token in the header, which no other page can send, says who asks.
  app.post(`${PATH}/ticket`, async (request, reply) => {
    reply.header("cache-control", "no-store");
    return edge.call("users.issueTicket", undefined, request);
  });
}

/** A cookie that holds what can be no refresh token is as good as none. */
function unlessNone(error: unknown): void {
  if (!isHolonError(error, "BAD_REQUEST")) throw error;
}
