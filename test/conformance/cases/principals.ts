import { type Case, topic } from "../case.ts";
import type { World } from "../world.ts";

type Trace = Awaited<ReturnType<ReturnType<World["app"]["asAnonymous"]>["call"]["alpha"]["chain"]["trace"]>>;

const CHAIN = ["alpha", "beta", "gamma", "delta"];
const ADA = { kind: "user", id: "ada", roles: ["member", "admin"] };
const NOBODY = { kind: "anonymous" };
const TEST = { kind: "system", context: "test", task: "test" };

/** The principals that each context of a chain sees. */
const people = (trace: Trace): unknown => trace.map(({ context, principal, initiator, user }) => ({ context, principal, initiator, user }));
const everywhere = (principal: unknown, user: string | null): unknown => CHAIN.map((context) => ({ context, principal, initiator: principal, user }));
const fromBeta = (initiator: unknown, initiatorName: string, user: string | null): unknown =>
  CHAIN.map((context) =>
    context === "alpha"
      ? { context, principal: initiator, initiator, user }
      : { context, principal: { kind: "system", context: "alpha", task: `on behalf of ${initiatorName}` }, initiator, user: null },
  );

const isGrowingShorter = (trace: Trace): boolean =>
  trace.every(({ remainingMs }, index) => remainingMs > 0 && remainingMs <= (trace[index - 1]?.remainingMs ?? 10_000));

const cases: readonly Case[] = [
  {
    name: "a user is the same in all of a chain",
    run: async ({ app }) => people(await app.asUser("ada", "member", "admin").call.alpha.chain.trace()),
    expected: everywhere(ADA, "ada"),
  },
  {
    name: "nobody is nobody in all of a chain",
    run: async ({ app }) => people(await app.asAnonymous().call.alpha.chain.trace()),
    expected: everywhere(NOBODY, null),
  },
  {
    name: "a system is the same in all of a chain",
    run: async ({ app }) => people(await app.asSystem().call.alpha.chain.trace()),
    expected: everywhere(TEST, null),
  },
  {
    name: "a user from the edge is the same in all of a chain",
    run: async ({ edge }) => people((await edge({ as: "user ada member admin" }).query("alpha.chain.trace")) as Trace),
    expected: everywhere(ADA, "ada"),
  },
  {
    name: "a context that calls as itself names the user as initiator",
    run: async ({ app }) => people(await app.asUser("ada", "member", "admin").call.alpha.chain.traceAsSystem()),
    expected: fromBeta(ADA, "user:ada", "ada"),
  },
  {
    name: "a context that calls as itself for nobody names nobody",
    run: async ({ app }) => people(await app.asAnonymous().call.alpha.chain.traceAsSystem()),
    expected: fromBeta(NOBODY, "anonymous", null),
  },
  {
    name: "a context that calls as itself for a system names that system",
    run: async ({ app }) => people(await app.asSystem().call.alpha.chain.traceAsSystem()),
    expected: fromBeta(TEST, "system:test/test", null),
  },
  {
    name: "initiators come through from the edge",
    run: async ({ edge }) => people((await edge({ as: "user ada member admin" }).query("alpha.chain.traceAsSystem")) as Trace),
    expected: fromBeta(ADA, "user:ada", "ada"),
  },
  {
    name: "users with odd names come through",
    run: async ({ app }) => people(await app.asUser('ä😀 "x"\n', "role, with comma").call.alpha.chain.trace()),
    expected: everywhere({ kind: "user", id: 'ä😀 "x"\n', roles: ["role, with comma"] }, 'ä😀 "x"\n'),
  },
  {
    name: "more users than a connection remembers come through",
    run: async ({ app }) =>
      (await Promise.all(Array.from({ length: 600 }, (_, n) => app.asUser(`user${n}`).call.alpha.chain.trace()))).filter((trace, n) =>
        trace.every(({ user }) => user === `user${n}`),
      ).length,
    expected: 600,
  },
  {
    name: "a chain is one trace",
    run: async ({ app }) => new Set((await app.asAnonymous().call.alpha.chain.trace()).map(({ traceId }) => traceId)).size,
    expected: 1,
  },
  {
    name: "two calls are two traces",
    run: async ({ app }) =>
      new Set((await Promise.all([0, 1].map(() => app.asAnonymous().call.alpha.chain.trace()))).flat().map(({ traceId }) => traceId)).size,
    expected: 2,
  },
  {
    name: "a trace that began outside goes on in all of a chain",
    run: async ({ edge }) =>
      ((await edge({ headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } }).query("alpha.chain.trace")) as Trace).map(
        ({ traceId }) => traceId,
      ),
    expected: CHAIN.map(() => "0af7651916cd43dd8448eb211c80319c"),
  },
  {
    name: "a malformed traceparent starts a new trace",
    run: async ({ edge }) =>
      ((await edge({ headers: { traceparent: "00-xyz" } }).query("alpha.chain.trace")) as Trace).map(({ traceId }) => /^[0-9a-f]{32}$/.test(traceId)),
    expected: CHAIN.map(() => true),
  },
  {
    name: "what is left of the deadline shrinks from hop to hop",
    run: async ({ app }) => isGrowingShorter(await app.asAnonymous().call.alpha.chain.trace()),
    expected: true,
  },
  {
    name: "what is left of the edge's deadline shrinks from hop to hop",
    run: async ({ edge }) => isGrowingShorter((await edge().query("alpha.chain.trace")) as Trace),
    expected: true,
  },
  {
    name: "a deadline asked for at the edge holds in all of a chain",
    run: async ({ edge }) =>
      ((await edge({ headers: { "holon-deadline-ms": "5000" } }).query("alpha.chain.trace")) as Trace).every(
        ({ remainingMs }) => remainingMs <= 5_000,
      ),
    expected: true,
  },
  {
    name: "a context finds those that it declared, and no others",
    run: ({ app }) => app.asAnonymous().call.alpha.chain.contexts(),
    expected: { own: ["beta", "gamma"], system: ["beta", "gamma"], other: [] },
  },
];

/** Cases about the principal and the trace of a call. */
export const PRINCIPALS = [topic("who, where and how long", cases)];
