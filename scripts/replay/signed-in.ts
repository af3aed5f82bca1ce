import type { Session } from "#contracts/users";

/** A token is replaced this long before it expires, so that none expires on its way. */
const EARLY_MS = 60_000;

/** What {@link createSignedIn} needs. */
export interface SignedInOptions {
  readonly signIn: () => Promise<Pick<Session, "token" | "expiresAt">>;
  readonly nowMs: () => number;
}

/** Keeps somebody signed in for as long as tokens are asked for. Who asks while a new one is on its way waits for that one. */
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
