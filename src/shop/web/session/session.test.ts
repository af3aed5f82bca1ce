import { afterEach, beforeEach, expect, test } from "vitest";
import { Session, type SessionState, SignInRefused } from "./session.ts";

const MINUTE_MS = 60_000;
const SERVER_MS = Date.parse("2026-01-01T12:00:00.000Z");

/** A server that issues tokens of 15 minutes, and a browser with several tabs. */
class World {
  /** This machine's clock is an hour ahead of the server's. */
  nowMs = SERVER_MS + 60 * MINUTE_MS;
  readonly asked: string[] = [];
  status = 200;
  readonly texts = new Map<string, string>();
  readonly sessions: Session[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  tab(): Session {
    const session: Session = new Session({
      fetch: async (input) => this.#answer(String(input)),
      nowMs: () => this.nowMs,
      storage: {
        getItem: (name) => this.texts.get(name) ?? null,
        setItem: (name, text) => void this.texts.set(name, text),
        removeItem: (name) => void this.texts.delete(name),
      },
      exclusively: (run) => {
        const ran = this.#turn.then(run);
        this.#turn = ran.catch(() => {});
        return ran;
      },
      tell: (state) => {
        for (const other of this.sessions) if (other !== session) other.hear(state);
      },
    });
    this.sessions.push(session);
    return session;
  }

  close(): void {
    for (const session of this.sessions) session.hear({ kind: "out" });
  }

  #answer(path: string): Response {
    this.asked.push(path);
    const serverMs = this.nowMs - 60 * MINUTE_MS;
    const headers = { date: new Date(serverMs).toUTCString(), "retry-after": "90" };
    if (this.status !== 200) return new Response("{}", { status: this.status, headers });
    const body = { token: `token ${this.asked.length}`, expiresAt: new Date(serverMs + 15 * MINUTE_MS).toISOString(), user: { id: "ada" } };
    return new Response(JSON.stringify(body), { status: 200, headers });
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const credentials = { email: "ada@example.test", password: "correct horse" };
const kindOf = (session: Session): SessionState["kind"] => session.state().kind;

test("a session sends no request if no earlier visit signed in", async () => {
  const session = world.tab();
  expect([kindOf(session), await session.token()]).toEqual(["out", undefined]);
  expect(world.asked).toEqual([]);
});

test("a session uses one refresh for all calls that want a token at once, in all tabs", async () => {
  await world.tab().signIn(credentials);
  world.nowMs += 14.5 * MINUTE_MS;
  world.asked.length = 0;
  const [first, second] = [world.sessions[0] as Session, world.tab()];
  const tokens = await Promise.all([first.token(), first.token(), second.token(), first.token()]);
  expect(new Set(tokens)).toEqual(new Set(["token 1"]));
  expect(world.asked).toEqual(["/auth/refresh"]);
});

test("a session knows the end of a token by the server's clock", async () => {
  const session = world.tab();
  await session.signIn(credentials);
  world.nowMs += 13 * MINUTE_MS;
  expect(await session.token()).toBe("token 1");
  world.nowMs += 1.5 * MINUTE_MS;
  expect(await session.token()).toBe("token 2");
});

test("a session ends in every tab if the server refuses it, and stays while the server is away", async () => {
  const [first, second] = [world.tab(), world.tab()];
  await first.signIn(credentials);
  world.nowMs += 15 * MINUTE_MS;
  world.status = 503;
  await first.token();
  expect([kindOf(first), kindOf(second)]).toEqual(["in", "in"]);
  world.status = 401;
  expect(await second.token()).toBeUndefined();
  expect([kindOf(first), kindOf(second)]).toEqual(["out", "out"]);
  expect(kindOf(world.tab())).toBe("out");
});

test("a refused sign-in says when to try again", async () => {
  world.status = 429;
  const refused = await world
    .tab()
    .signIn(credentials)
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SignInRefused);
  expect(refused).toMatchObject({ status: 429, retryAfterSeconds: 90 });
});
