import { SECRETS } from "../app/beta/errors.ts";
import { type Case, topic } from "../case.ts";
import { badRequest, edgeFailure, type Failure, failure, INTERNAL, outcomeOf } from "../outcome.ts";
import type { World } from "../world.ts";

const errorId = { errorId: "<id>" };

/** The error that callers get for each of {@link import("../app/beta/errors.ts").THROWN}, and the error at the edge. */
const THROWN_AS: Readonly<Record<string, readonly [atCaller: Failure, atEdge: (path: string) => Failure]>> = {
  declared: both("OUT_OF_STOCK", -32022, { message: "Only 2 are left.", details: { available: 2 } }),
  declaredWithCause: both("OUT_OF_STOCK", -32022, { message: "Only 2 are left.", details: { available: 2 } }),
  declaredWithMore: both("OUT_OF_STOCK", -32022, { message: "Only 0 are left.", details: { available: 0, lines: [{ sku: "a" }] } }),
  declaredWithStatus: both("TEAPOT", -32022, { message: "I am one.", details: null, status: 418 }),
  declaredPlain: both("PLAIN", -32022, { message: "Plainly.", details: "text" }),
  declaredWithWrongDetails: internal(),
  declaredWithoutDetails: internal(),
  declaredExecuted: both("PRECONDITION", -32022, { message: "It was another version.", details: { version: 3 }, executed: "yes", status: 412 }),
  declaredWithOddStatus: both("OUT_OF_STOCK", -32022, { message: "Odd.", details: { available: 1 } }),
  declaredWithGoodStatus: both("OUT_OF_STOCK", -32022, { message: "Good.", details: { available: 1 } }),
  conflictWithOddStatus: both("CONFLICT", -32009, { message: "Odd." }),
  declaredWithHalf: both("OUT_OF_STOCK", -32022, { message: "Half.", details: { available: 1, note: "a\ud83d" } }),
  undeclared: internal(),
  error: internal(),
  typeError: internal(),
  errorWithCode: internal(),
  aggregate: internal(),
  text: internal(),
  nothing: internal(),
  null: internal(),
  number: internal(),
  object: internal(),
  notFound: both("NOT_FOUND", -32004, { message: "There is no such item." }),
  notFoundWithDetails: both("NOT_FOUND", -32004, { message: "There is no such item.", details: { id: "7", at: "1970-01-01T00:00:00.000Z" } }),
  conflictWithCircle: both("CONFLICT", -32009, { message: "It changed." }),
  conflictWithBigint: both("CONFLICT", -32009, { message: "It changed." }),
  conflictWithFunction: both("CONFLICT", -32009, { message: "It changed.", details: { version: 3 } }),
  forbidden: both("FORBIDDEN", -32003, { message: "Not you." }),
  unauthorized: both("UNAUTHORIZED", -32001, { message: "Who are you?" }),
  badRequest: internal(),
  payloadTooLarge: internal(),
  unavailable: both("UNAVAILABLE", -32603, { message: "The gateway is away.", executed: "no" }),
  overloaded: both("OVERLOADED", -32603, { message: "Too much at once." }),
  deadline: both("DEADLINE_EXCEEDED", -32603, { message: "<any>" }),
  cancelled: both("CANCELLED", -32099, { message: "<any>" }),
  mismatch: both("CONTRACT_MISMATCH", -32603, { message: "Built apart." }),
  keyInFlight: both("KEY_IN_FLIGHT", -32009, { message: "Still running." }),
  keyReused: both("KEY_REUSED", -32022, { message: "Another input." }),
  tooMany: both("TOO_MANY_REQUESTS", -32029, { message: "Slower." }),
  internal: internal(),
  longMessage: both("CONFLICT", -32009, { message: "x".repeat(5_000) }),
};

type FailureOptions = NonNullable<Parameters<typeof failure>[1]>;

function both(code: string, number: number, options: FailureOptions): readonly [Failure, (path: string) => Failure] {
  const atCaller = failure(code, options);
  const { message, details, status: httpStatus } = atCaller.failure as { message: string; details: unknown; status: number };
  return [atCaller, (path) => edgeFailure(code, { number, httpStatus, path, message, details })];
}

function internal(): readonly [Failure, (path: string) => Failure] {
  return [INTERNAL, atEdgeInternal];
}

function atEdgeInternal(path: string): Failure {
  return edgeFailure("INTERNAL", { number: -32603, httpStatus: 500, path, details: errorId });
}

const thrown: readonly Case[] = Object.entries(THROWN_AS).map(([what, [atCaller, atEdge]]) => ({
  name: `${what}, at once and later, at a context and at the edge`,
  run: async ({ app, edge }) => ({
    now: await outcomeOf(app.asAnonymous().call.beta.errors.now({ what })),
    later: await outcomeOf(app.asAnonymous().call.beta.errors.later({ what })),
    edge: await outcomeOf(edge().query("beta.errors.now", { what })),
  }),
  expected: { now: atCaller, later: atCaller, edge: atEdge("beta.errors.now") },
}));

/** The form of an error that {@link import("../app/caught.ts").caughtOf} returns. */
function caught({ failure: { code, message, details, executed, status } }: Failure): unknown {
  return {
    isHolonError: true,
    code,
    message,
    ...(details === undefined ? {} : { details }),
    executed,
    status,
    hasCause: false,
    stackOfCallee: false,
  };
}

const relay = (what: string, way: "uncaught" | "declaring" | "caught" | "safe", world: World): Promise<unknown> =>
  outcomeOf(world.app.asAnonymous().call.alpha.relay[way]({ what }));

const between: readonly Case[] = [
  ...["declared", "declaredWithMore", "notFoundWithDetails", "unavailable", "keyReused"].map(
    (what): Case => ({
      name: `${what} of a callee is caught by a handler`,
      run: (world) => relay(what, "caught", world),
      expected: caught((THROWN_AS[what] as readonly [Failure, unknown])[0]),
    }),
  ),
  {
    name: "an undeclared failure of a callee is caught by a handler as INTERNAL",
    run: async (world) => {
      const seen = (await relay("error", "caught", world)) as { readonly details: { readonly errorId: string } };
      return { ...seen, details: { errorId: typeof seen.details.errorId } };
    },
    expected: { ...(caught(INTERNAL) as object), details: { errorId: "string" } },
  },
  {
    name: "a refusal that only the callee declares becomes INTERNAL at the caller's caller",
    run: (world) => relay("declared", "uncaught", world),
    expected: INTERNAL,
  },
  {
    name: "a refusal that both declare passes",
    run: (world) => relay("declared", "declaring", world),
    expected: failure("OUT_OF_STOCK", { message: "Only 2 are left.", details: { available: 2 } }),
  },
  {
    name: "a refusal that both declare passes with the details of the nearer one",
    run: (world) => relay("declaredWithMore", "declaring", world),
    expected: failure("OUT_OF_STOCK", { details: { available: 0 } }),
  },
  {
    name: "a common refusal passes through a caller",
    run: (world) => relay("notFoundWithDetails", "uncaught", world),
    expected: failure("NOT_FOUND", { details: { id: "7", at: "1970-01-01T00:00:00.000Z" } }),
  },
  {
    name: "a fault passes through a caller, with what is known of its execution",
    run: (world) => relay("unavailable", "uncaught", world),
    expected: failure("UNAVAILABLE", { message: "The gateway is away.", executed: "no" }),
  },
  {
    name: "an overload passes through a caller",
    run: (world) => relay("overloaded", "uncaught", world),
    expected: failure("OVERLOADED", { message: "Too much at once." }),
  },
  { name: "a defect passes through a caller with its id", run: (world) => relay("error", "uncaught", world), expected: INTERNAL },
  { name: "safeCall gives a declared error with its details", run: (world) => relay("declared", "safe", world), expected: "only 2" },
  { name: "safeCall gives a common refusal", run: (world) => relay("forbidden", "safe", world), expected: "FORBIDDEN" },
  { name: "safeCall gives INTERNAL for what was not declared", run: (world) => relay("typeError", "safe", world), expected: "INTERNAL" },
  {
    name: "a handler that sends bad input catches BAD_REQUEST",
    run: ({ app }) => app.asAnonymous().call.alpha.relay.badInput(),
    expected: caught(badRequest(["what", "invalid_type"])),
  },
];

const made: readonly Case[] = [
  ...(["NOT_FOUND", "CONFLICT", "FORBIDDEN", "UNAUTHORIZED"] as const).map(
    (code): Case => ({
      name: `ctx.fail makes ${code} with message and details`,
      run: ({ app }) => app.asAnonymous().call.beta.errors.failed({ code }),
      expected: failure(code, { message: `It is ${code}.`, details: { hint: "why" } }),
    }),
  ),
  {
    name: "an answer that does not fit the contract is INTERNAL",
    run: ({ app }) => app.asAnonymous().call.beta.errors.badAnswer({ async: false }),
    expected: INTERNAL,
  },
  {
    name: "a later answer that does not fit the contract is INTERNAL",
    run: ({ app }) => app.asAnonymous().call.beta.errors.badAnswer({ async: true }),
    expected: INTERNAL,
  },
  {
    name: "an answer that does not fit the contract is INTERNAL at the edge",
    run: ({ edge }) => edge().query("beta.errors.badAnswer", { async: true }),
    expected: atEdgeInternal("beta.errors.badAnswer"),
  },
  {
    name: "nothing of a failure leaves but what the contract says",
    run: async ({ app, edge }) => {
      const texts = await Promise.all(
        ["error", "typeError", "aggregate", "undeclared", "declaredWithWrongDetails", "declaredWithCause"].map(async (what) => [
          await everything(app.asAnonymous().call.beta.errors.later({ what })),
          await everything(edge().query("beta.errors.later", { what })),
        ]),
      );
      return SECRETS.filter((secret) => texts.flat().some((text) => text.includes(secret)));
    },
    expected: [],
  },
  {
    name: "error ids differ from call to call",
    run: async ({ app }) => {
      const ids = await Promise.all(
        [1, 2].map(() =>
          app
            .asAnonymous()
            .call.beta.errors.later({ what: "error" })
            .catch((error: { readonly details: { readonly errorId: string } }) => error.details.errorId),
        ),
      );
      return new Set(ids).size;
    },
    expected: 2,
  },
];

/** All readable parts of an error, except the file names of its stack. */
async function everything(call: Promise<unknown>): Promise<string> {
  const error = (await call.catch((caughtError: unknown) => caughtError)) as Error;
  return JSON.stringify([error, error.message, error.cause instanceof Error ? error.cause.message : error.cause]);
}

/** Cases about thrown errors. */
export const ERRORS = [topic("a handler throws", thrown), topic("an error on its way through a caller", between), topic("errors", made)];
