import { type AppEdge, type AppRoutes, catalogueError, isHolonError } from "holon";
import { Session } from "#contracts/users";

type App = Parameters<AppRoutes>[0];
type Reply = Parameters<AppEdge["setCookie"]>[1];
type Request = Parameters<AppEdge["setCookie"]>[0];

const COOKIE = "shop_refresh";
/** A browser sends the cookie only to paths below this one. */
const PATH = "/auth";

/**
 * The session of a browser: the refresh token is in a cookie that scripts cannot read, the access token in the page's memory.
 *
 * Shape: `POST /auth/sign-in` and `/auth/refresh` answer `{ token, expiresAt, user }`; `/auth/ticket` answers `{ ticket, expiresAt }`;
 * `/auth/sign-out` answers without a body.
 * Errors: FORBIDDEN for a request that another site's page may have sent. A 401 removes the cookie; if the users context cannot be reached, the
 * cookie stays.
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
    if (refreshToken === undefined) throw catalogueError("UNAUTHORIZED", "This browser has no session.");
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

  // The cookie is not used here: the token in the header, which another site's page cannot send, identifies the user.
  app.post(`${PATH}/ticket`, async (request, reply) => {
    reply.header("cache-control", "no-store");
    return edge.call("users.issueTicket", undefined, request);
  });
}

/** If the text in the cookie is not a refresh token, the request counts as one without a cookie. */
function unlessNone(error: unknown): void {
  if (!isHolonError(error, "BAD_REQUEST")) throw error;
}
