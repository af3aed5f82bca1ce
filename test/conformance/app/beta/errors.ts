import { catalogueError, HolonError } from "holon";
import { dataOf } from "../data.ts";
import type { BetaHandlers } from "./context.ts";

const SECRET = new Error("select password from users where id = $1 -- params: s3cret");

/** Texts that callers must never see. */
export const SECRETS = ["s3cret", "password", "/work/"];

const circle: { self?: unknown } = {};
circle.self = circle;

/** All kinds of values that a handler may throw, by name. */
export const THROWN: Readonly<Record<string, () => unknown>> = {
  declared: () => new HolonError("OUT_OF_STOCK", "Only 2 are left.", { details: { available: 2 } }),
  declaredWithCause: () => new HolonError("OUT_OF_STOCK", "Only 2 are left.", { details: { available: 2 }, cause: SECRET }),
  declaredWithMore: () =>
    new HolonError("OUT_OF_STOCK", "Only 0 are left.", {
      details: { available: -0, note: undefined, lines: [{ sku: "a", price: 3 }], internal: "s3cret" },
    }),
  declaredWithStatus: () => new HolonError("TEAPOT", "I am one.", { details: null }),
  declaredPlain: () => new HolonError("PLAIN", "Plainly.", { details: "text" }),
  declaredWithWrongDetails: () => new HolonError("OUT_OF_STOCK", "How many?", { details: { available: "two, s3cret" } }),
  declaredWithoutDetails: () => new HolonError("OUT_OF_STOCK", "How many?"),
  declaredExecuted: () => new HolonError("PRECONDITION", "It was another version.", { details: { version: 3 }, executed: "yes", status: 412 }),
  declaredWithOddStatus: () =>
    new HolonError("OUT_OF_STOCK", "Odd.", { details: { available: 1 }, status: Number.NaN, executed: "perhaps" as never }),
  declaredWithGoodStatus: () => new HolonError("OUT_OF_STOCK", "Good.", { details: { available: 1 }, status: 200 }),
  conflictWithOddStatus: () => catalogueError("CONFLICT", "Odd.", { status: 1e9 }),
  declaredWithHalf: () => new HolonError("OUT_OF_STOCK", "Half.", { details: { available: 1, note: "a\ud83d" } }),
  undeclared: () => new HolonError("SOLD_OUT", "s3cret", { details: { password: 1 } }),
  error: () => SECRET,
  typeError: () => new TypeError("Cannot read properties of undefined (reading 's3cret')"),
  errorWithCode: () => Object.assign(new Error("s3cret"), { code: "NOT_FOUND", status: 404, details: { password: 1 } }),
  aggregate: () => new AggregateError([SECRET, SECRET], "s3cret"),
  text: () => "s3cret",
  nothing: () => undefined,
  null: () => null,
  number: () => 404,
  object: () => ({ code: "NOT_FOUND", message: "s3cret" }),
  notFound: () => catalogueError("NOT_FOUND", "There is no such item."),
  notFoundWithDetails: () =>
    catalogueError("NOT_FOUND", "There is no such item.", { details: { id: "7", at: new Date(0), gone: undefined }, cause: SECRET }),
  conflictWithCircle: () => catalogueError("CONFLICT", "It changed.", { details: circle }),
  conflictWithBigint: () => catalogueError("CONFLICT", "It changed.", { details: { version: 3n } }),
  conflictWithFunction: () => catalogueError("CONFLICT", "It changed.", { details: { version: 3, again: () => 3 } }),
  forbidden: () => catalogueError("FORBIDDEN", "Not you."),
  unauthorized: () => catalogueError("UNAUTHORIZED", "Who are you?"),
  badRequest: () => catalogueError("BAD_REQUEST", "s3cret", { details: { issues: [] } }),
  payloadTooLarge: () => catalogueError("PAYLOAD_TOO_LARGE", "s3cret"),
  unavailable: () => catalogueError("UNAVAILABLE", "The gateway is away.", { executed: "no", cause: SECRET }),
  overloaded: () => catalogueError("OVERLOADED", "Too much at once."),
  deadline: () => catalogueError("DEADLINE_EXCEEDED", "Too late."),
  cancelled: () => catalogueError("CANCELLED", "Nobody waits."),
  mismatch: () => catalogueError("CONTRACT_MISMATCH", "Built apart."),
  keyInFlight: () => catalogueError("KEY_IN_FLIGHT", "Still running."),
  keyReused: () => catalogueError("KEY_REUSED", "Another input."),
  tooMany: () => catalogueError("TOO_MANY_REQUESTS", "Slower."),
  internal: () => catalogueError("INTERNAL", "The call failed.", { details: { errorId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" } }),
  longMessage: () => catalogueError("CONFLICT", "x".repeat(5_000)),
};

const kept = new HolonError("KEPT", "Kept.", { details: dataOf("kept") });

/** Handlers that fail. */
export const errors: BetaHandlers["errors"] = {
  now: function frameOfTheCallee({ input }) {
    throw thrown(input.what);
  },
  later: async function frameOfTheCallee({ input }) {
    await undefined;
    throw thrown(input.what);
  },
  failed({ input, ctx }) {
    throw ctx.fail(input.code, `It is ${input.code}.`, { hint: "why" });
  },
  badAnswer: ({ input }) => (input.async ? Promise.resolve({ n: "s3cret" }) : { n: "s3cret" }) as never,
  same() {
    throw kept;
  },
};

function thrown(what: string): unknown {
  const make = THROWN[what];
  if (make === undefined) throw new Error(`nothing is thrown by the name ${what}`);
  return make();
}
