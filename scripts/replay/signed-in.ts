import type { Session } from "#contracts/users";

/** A token is replaced this long before it expires, so that it does not expire while a request is on its way. */
const EARLY_MS = 60_000;

/** The options of {@link createSignedIn}. */
export interface SignedInOptions {
  readonly signIn: () => Promise<Pick<Session, "token" | "expiresAt">>;
  readonly nowMs: () => number;
}

/** Returns a function that returns a valid token, and signs in again when the token is about to expire. Concurrent calls share one sign-in. */
export function createSignedIn({ signIn, nowMs }: SignedInOptions): () => Promise<string> {
  let token: Promise<string> | undefined;
  let untilMs = 0;
  const renew = async (): Promise<string> => {
    try {
      const session = await signIn();
      untilMs = Date.parse(session.expiresAt) - EARLY_MS;
      return session.token;
    } catch (error) {
      token = undefined;
      throw error;
    }
  };
  return () => {
    if (token === undefined || untilMs <= nowMs()) {
      untilMs = Number.POSITIVE_INFINITY;
      token = renew();
    }
    return token;
  };
}
