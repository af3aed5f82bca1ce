import type { Guard } from "./guard.ts";

const STREAM = "src/holon/pipeline/stream-items.ts";
const BODY = "src/holon/edge/http/request-body.ts";
const EXCHANGE = "src/holon/edge/http/http-exchange.ts";
const VALUES = "contracts/values.ts";

/** Guards of what comes from outside, and of streams: P21 and P24 at the edge, P30 and P31. */
export const GUARDS_OF_EDGE: readonly Guard[] = [
  {
    of: "P21",
    takenOut: "access is checked before the handler (`accessRefusal`), and internal procedures have no route",
    edits: [
      {
        file: "src/holon/pipeline/compiled-procedure.ts",
        from: "const refusal = accessRefusal(this.procedure.access, scope.principal);",
        to: "const refusal = undefined;",
      },
    ],
    test: "test/access/access.test.ts",
    only: "together",
  },
  {
    of: "P21",
    takenOut: "access is checked before the handler (`accessRefusal`), and internal procedures have no route",
    edits: [{ file: "src/holon/edge/http/route-table.ts", from: 'if (target.procedure.access === "internal") continue;', to: "" }],
    test: "src/holon/edge/bad-input.test.ts",
  },
  {
    of: "P24",
    takenOut: "bytes are checked before they become text (`utf8Text`)",
    edits: [{ file: "src/holon/edge/http/request-text.ts", from: "return isUtf8(bytes) ? bytes", to: "return true ? bytes" }],
    test: "src/holon/edge/unicode.test.ts",
  },
  {
    of: "P24",
    takenOut: "JSON is checked before a schema sees it (`checkInput`)",
    edits: [
      {
        file: "src/holon/edge/http/json-input.ts",
        from: "export function checkInput(input: unknown, limits: JsonLimits): HolonError | undefined {",
        to: "export function checkInput(input: unknown, limits: JsonLimits): HolonError | undefined {\n  return undefined;",
      },
    ],
    test: "src/holon/edge/bad-input.test.ts",
  },
  {
    of: "P24",
    takenOut: "only plain JSON is read (`mediaTypeRefusal`)",
    edits: [
      { file: BODY, from: 'if (type !== "application/json" && (', to: "if (false && (" },
      { file: BODY, from: "if (encoding !== undefined && ", to: "if (false && " },
    ],
    test: "src/holon/edge/bad-input.test.ts",
  },
  {
    of: "P24",
    takenOut: "when the client goes away, its call is cancelled (`HttpExchange.onAbort`)",
    edits: [{ file: EXCHANGE, from: "if (!response.writableFinished) this", to: "if (false) this" }],
    test: "src/holon/edge/rest/rest.test.ts",
    only: "is cancelled when its client goes away",
  },
  {
    of: "P24",
    takenOut: "a request that is refused before its procedure is known counts against the address (`HttpExchange.countRefusal`)",
    edits: [{ file: EXCHANGE, from: "countRefusal(): void {", to: "countRefusal(): void {\n    return;" }],
    test: "src/holon/edge/rates/refusals.test.ts",
  },
  {
    of: "P24",
    takenOut: "the shop's schemas refuse values that Postgres cannot store (`isAfterYear0`, the greatest `version`)",
    edits: [{ file: VALUES, from: '!text.startsWith("0000")', to: "true" }],
    test: "test/bad-input/bad-input.test.ts",
    only: "0000-01-01",
  },
  {
    of: "P24",
    takenOut: "listeners of `ctx.signal` may throw (`guardListeners`)",
    edits: [
      {
        file: "src/holon/pipeline/runtime-context.ts",
        from: "return guardListeners(this.scope.signal,",
        to: "return ((signal) => signal)(this.scope.signal,",
      },
    ],
    test: "test/thrown/calls.test.ts",
    only: "together listeners of a signal",
  },
  {
    of: "P24",
    takenOut: "a promise that the toolkit hands out is marked, so that its rejection does not end the process (`handOut` of `ctx.transaction`)",
    edits: [
      {
        file: "src/holon/pipeline/runtime-context.ts",
        from: "return handOut(this.#transact(run), {",
        to: "return ((promise) => promise)(this.#transact(run), {",
      },
    ],
    test: "test/processes/left-promises.test.ts",
    only: "is logged with its handler and ends nothing",
  },
  {
    of: "P31",
    takenOut: "the error of a transaction is marked as handed out (`noteHandedOut`)",
    edits: [{ file: "src/holon/pipeline/runtime-context.ts", from: "noteHandedOut(error);", to: "" }],
    test: "test/processes/left-promises.test.ts",
    only: "is logged with its handler and ends nothing",
  },
  {
    of: "P31",
    takenOut: "the answer of `authenticate` is read inside the error boundary (`identifyClient`)",
    edits: [
      {
        file: "src/holon/edge/http/authentication.ts",
        from: "readSafely(() => parsePrincipal(answer), undefined)",
        to: "parsePrincipal(answer)",
      },
    ],
    test: "src/holon/edge/odd-values.test.ts",
  },
  {
    of: "P30",
    takenOut: "streams have a count of their own (`streamGauge`)",
    edits: [{ file: "src/holon/pipeline/context-runtime.ts", from: "createStreamGauge(module.name, limits);", to: "gauge;" }],
    test: "test/streams/streams.test.ts",
    only: "together those over the limit of a context",
  },
  {
    of: "P30",
    takenOut: "a client's streams are counted (`StreamGate`)",
    edits: [{ file: "src/holon/edge/rates/stream-gate.ts", from: "countOf(this.#users, user) >= userStreamCount", to: "false" }],
    test: "src/holon/edge/rates/stream-gate.test.ts",
  },
  {
    of: "P30",
    takenOut: "the slot is freed when the connection closes (`HttpExchange.release`)",
    edits: [{ file: EXCHANGE, from: "this.release?.();", to: "" }],
    test: "src/holon/edge/trpc/stream-limits.test.ts",
    only: "gets a final error when its user has too many streams",
  },
  {
    of: "P30",
    takenOut: "the slot of the context is freed when the handler ends (`leaveHandler`)",
    edits: [{ file: STREAM, from: "if (!this.#handlerEnded) await closed;", to: "void closed;" }],
    test: "test/streams/streams.test.ts",
    only: "together one whose handler ignores its signal",
  },
  {
    of: "P30",
    takenOut: "the slot is freed without waiting for `return` if the handler has ended (`handlerEnded`)",
    edits: [{ file: STREAM, from: "if (!this.#handlerEnded) await closed;", to: "await closed;" }],
    test: "test/streams/streams.test.ts",
    only: "together one gives its place back once",
  },
  {
    of: "P30",
    takenOut: "an answer that waits behind another one is notified when its connection closes (`AnswerEnds`)",
    edits: [{ file: "src/holon/edge/http/in-flight.ts", from: "if (response.socket !== null) {", to: "if (true) {" }],
    test: "src/holon/edge/trpc/stream-limits.test.ts",
    only: "gives its place back when its client goes while it waits",
  },
];
