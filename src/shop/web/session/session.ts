import type { User } from "../api.ts";

/**
 * The state of a session. `unknown`: the page has not yet found out whether the cookie of an earlier visit is valid.
 *
 *   unknown --(refreshed)--> in      unknown --(401)--> out
 *   in --(refreshed)--> in           in --(401, sign-out here or in another tab)--> out
 *   out --(signed in here or in another tab)--> in
 */
export type SessionState =
  | { readonly kind: "unknown" }
  | { readonly kind: "out" }
  | { readonly kind: "in"; readonly user: User; readonly token: string; readonly expiresAtMs: number };

/** The browser's functions that a session uses. */
export interface SessionParts {
  readonly fetch: typeof globalThis.fetch;
  readonly nowMs: () => number;
  /** Keeps a hint that an earlier visit may have left a cookie; scripts cannot see the cookie itself. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Runs one function at a time across all tabs. */
  readonly exclusively: <T>(run: () => Promise<T>) => Promise<T>;
  /** Sends the state to the other tabs. */
  readonly tell: (state: SessionState) => void;
}

/** Why signing in was refused. */
export class SignInRefused extends Error {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, retryAfterSeconds: number | undefined) {
    super(`sign-in was answered with ${status}`);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const HINT = "shop.signed-in";
/** A token is replaced this long before it expires, so that it does not expire while a request is on its way. */
const EARLY_MS = 60_000;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
/** The longest delay that a browser's timer accepts. */
const GREATEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The session of this tab: the access token lives in memory only, the refresh token in a cookie that scripts cannot read.
 *
 * Guarantee: only one refresh runs at a time, however many requests and tabs need a new token. If a used refresh token were sent again, the session
 * would end.
 */
export class Session {
  readonly #parts: SessionParts;
  readonly #listeners = new Set<() => void>();
  #state: SessionState;
  #flight: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#state = { kind: parts.storage.getItem(HINT) === null ? "out" : "unknown" };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): SessionState => this.#state;

  /** Tries to refresh the session of an earlier visit until the server answers. */
  async start(): Promise<void> {
    for (let attempt = 0; this.#state.kind === "unknown"; attempt++) {
      await this.#refresh();
      if (this.#state.kind !== "unknown") return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[attempt] ?? RETRY_MS.at(-1)));
    }
  }

  /** The token for the next request; a new one if the old one expires soon. */
  readonly token = async (): Promise<string | undefined> => {
    if (this.#state.kind === "unknown" || this.#endsSoon()) await this.#refresh();
    return this.#state.kind === "in" ? this.#state.token : undefined;
  };

  /** Errors: {@link SignInRefused}, or what `fetch` throws. */
  async signIn(credentials: { readonly email: string; readonly password: string }): Promise<void> {
    const answer = await this.#post("/auth/sign-in", credentials);
    if (!answer.ok) throw new SignInRefused(answer.status, Number(answer.headers.get("retry-after")) || undefined);
    this.#enter(await signedInOf(answer, this.#parts.nowMs()));
  }

  async signOut(): Promise<void> {
    const bearer = this.#state.kind === "in" ? this.#state.token : undefined;
    this.#leave();
    await this.#post("/auth/sign-out", {}, bearer);
  }

  /** Takes over the user after an edit of their own account. */
  setUser(user: User): void {
    if (this.#state.kind === "in" && this.#state.user.id === user.id) this.#enter({ ...this.#state, user });
  }

  /** Takes over the state that another tab sent. */
  hear(state: SessionState): void {
    if (state.kind !== "unknown") this.#become(state);
  }

  #endsSoon(): boolean {
    return this.#state.kind === "in" && this.#state.expiresAtMs - EARLY_MS <= this.#parts.nowMs();
  }

  #refresh(): Promise<void> {
    this.#flight ??= this.#parts
      .exclusively(() => this.#refreshOnce())
      .catch(() => {
        // No answer came, so the state stays, and the next request tries again.
      })
      .finally(() => {
        this.#flight = undefined;
      });
    return this.#flight;
  }

  async #refreshOnce(): Promise<void> {
    // Another tab may have refreshed the session first, and sent its state while this tab waited for the lock.
    if (this.#state.kind === "out" || (this.#state.kind === "in" && !this.#endsSoon())) return;
    const answer = await this.#post("/auth/refresh", {});
    if (answer.ok) this.#enter(await signedInOf(answer, this.#parts.nowMs()));
    else if (answer.status === 401) this.#leave();
  }

  #post(path: string, body: object, bearer?: string): Promise<Response> {
    return this.#parts.fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) },
      body: JSON.stringify(body),
      credentials: "same-origin",
    });
  }

  #enter(state: SessionState): void {
    this.#parts.storage.setItem(HINT, "1");
    this.#become(state);
    this.#parts.tell(state);
  }

  #leave(): void {
    this.#parts.storage.removeItem(HINT);
    this.#become({ kind: "out" });
    this.#parts.tell({ kind: "out" });
  }

  #become(state: SessionState): void {
    this.#state = state;
    clearTimeout(this.#timer);
    if (state.kind === "in") {
      const waitMs = Math.min(Math.max(1_000, state.expiresAtMs - EARLY_MS - this.#parts.nowMs()), GREATEST_TIMER_MS);
      this.#timer = setTimeout(() => void this.#refresh(), waitMs);
    }
    for (const listener of this.#listeners) listener();
  }
}

/** Computes when the token expires from the server's clock, because the clock of this machine may be wrong. */
async function signedInOf(answer: Response, nowMs: number): Promise<SessionState> {
  const { token, expiresAt, user } = (await answer.json()) as { readonly token: string; readonly expiresAt: string; readonly user: User };
  const serverNowMs = Date.parse(answer.headers.get("date") ?? "") || nowMs;
  return { kind: "in", token, user, expiresAtMs: nowMs + Date.parse(expiresAt) - serverNowMs };
}
