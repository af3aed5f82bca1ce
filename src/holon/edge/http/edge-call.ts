import { errorRow } from "../../kernel/error-catalogue.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import { type Principal, principalName } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { TimerEntry } from "../../kernel/timers.ts";
import type { Trace } from "../../kernel/trace.ts";
import type { EdgeDeps } from "../edge-deps.ts";
import { type AddressedClient, isTicket, type ProcedureRates, type RateTicket } from "../rates/procedure-rates.ts";
import type { EdgeRoute } from "./route-table.ts";

/** Gets each of its calls when the call has its answer. */
export interface CallOwner {
  settled(call: EdgeCall): void;
}

/**
 * One call of a request. It runs a target and gets exactly one answer.
 *
 *     waiting --start--> running --answer--> settled
 *        \__refuse, expire___/\__expire, cancel__/
 *
 * What the target returns or throws after the call is settled is dropped.
 */
export class EdgeCall extends TimerEntry {
  readonly index: number;
  readonly path: string;
  readonly route: EdgeRoute | undefined;
  readonly input: unknown;
  output: unknown = undefined;
  /** The output as JSON text; undefined if there is no output. */
  json: string | undefined = undefined;
  error: HolonError | undefined = undefined;
  isSettled = false;
  isStarted = false;
  readonly #deps: EdgeDeps;
  readonly #owner: CallOwner;
  readonly #key: string | undefined;
  readonly #trace: Trace;
  readonly #startedAtMs: number;
  readonly #deadlineAtMs: number;
  #scope: Scope | undefined = undefined;
  #ticket: RateTicket | undefined = undefined;

  constructor(
    deps: EdgeDeps,
    owner: CallOwner,
    call: {
      readonly index: number;
      readonly path: string;
      readonly route: EdgeRoute | undefined;
      readonly input: unknown;
      readonly key: string | undefined;
      readonly deadlineMs: number;
      readonly trace: Trace;
    },
    nowMs: number,
  ) {
    super();
    this.#deps = deps;
    this.#owner = owner;
    this.index = call.index;
    this.path = call.path;
    this.route = call.route;
    this.input = call.input;
    this.#key = call.key;
    this.#trace = call.trace;
    this.#startedAtMs = nowMs;
    this.#deadlineAtMs = nowMs + call.deadlineMs;
    deps.timers.add(this, this.#deadlineAtMs);
  }

  /** `client` is the address of the request. Some procedures have a limit for each address. */
  start(principal: Principal, client: AddressedClient): void {
    if (this.isSettled) return;
    this.isStarted = true;
    const { route } = this;
    if (route === undefined) return this.refuse(notFound(this.path));
    const rates = this.#deps.rates.of(route.target.path);
    if (rates === undefined) this.#run(route, principal);
    else this.#count(rates, client, principal, route).catch((thrown: unknown) => this.#fail(thrown));
  }

  /** Ends the call with an error. If the target runs, its scope is cancelled. */
  refuse(error: HolonError): void {
    if (this.isSettled) return;
    this.error = error;
    this.#scope?.cancel(error);
    this.#settle();
  }

  override expire(): void {
    this.refuse(
      catalogueError("DEADLINE_EXCEEDED", "The call did not end within its deadline.", { executed: this.#scope === undefined ? "no" : "maybe" }),
    );
  }

  async #count(rates: ProcedureRates, client: AddressedClient, principal: Principal, route: EdgeRoute): Promise<void> {
    const taken = await rates.take(principal, client, this.input);
    if (this.isSettled) return;
    if (!isTicket(taken)) return this.refuse(taken);
    this.#ticket = taken;
    this.#run(route, principal);
  }

  #run(route: EdgeRoute, principal: Principal): void {
    const scope = Scope.root({ principal, deadlineAtMs: this.#deadlineAtMs, caller: "edge", trace: this.#trace, key: this.#key });
    this.#scope = scope;
    try {
      route.target.invoke(scope, this.input).then(
        (output) => this.#succeed(output),
        (thrown: unknown) => this.#fail(thrown),
      );
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #succeed(output: unknown): void {
    if (this.isSettled) return;
    try {
      this.output = output;
      this.json = JSON.stringify(output);
    } catch (thrown) {
      return this.#fail(thrown);
    }
    if (this.json !== undefined && isOver(this.json, this.#deps.limits.responseBytes)) {
      this.json = undefined;
      this.error = answerTooLarge(this.#deps.limits.responseBytes);
    }
    this.#settle();
  }

  #fail(thrown: unknown): void {
    if (this.isSettled) return;
    this.error = this.#deps.boundary.toPublic(thrown, { procedure: this.path, traceId: this.#trace.traceId });
    this.#settle();
  }

  #settle(): void {
    this.isSettled = true;
    this.#deps.timers.remove(this);
    this.#scope?.release();
    this.#ticket?.settle(this.error);
    const durationMs = this.#deps.clock.monotonicMs() - this.#startedAtMs;
    const { error } = this;
    (this.route?.series ?? this.#deps.routes.unknownSeries).record(durationMs, error?.code);
    if (error !== undefined) this.#logFailure(error, durationMs);
    this.#owner.settled(this);
  }

  #logFailure(error: HolonError, durationMs: number): void {
    const level = errorRow(error.code).log;
    // An INTERNAL error was logged in full when it arose. This line only records how the call ended.
    const procedure = this.route === undefined ? undefined : this.path;
    const principal = this.#scope === undefined ? undefined : principalName(this.#scope.principal);
    const fields = { procedure, traceId: this.#trace.traceId, principal, code: error.code, durationMs };
    this.#deps.log[level === "error" ? "warn" : level](fields, "a call was answered with an error");
  }
}

/** The answer to an unknown path, and to a path whose existence is secret. */
export function notFound(path: string): HolonError {
  return catalogueError("NOT_FOUND", `No procedure found on path "${path.slice(0, 200)}"`);
}

/** The error that replaces an answer over the limit. */
export function answerTooLarge(limitBytes: number): HolonError {
  return catalogueError("PAYLOAD_TOO_LARGE", `The answer is over the limit of ${limitBytes} bytes (limits.responseBytes).`, { executed: "yes" });
}

function isOver(text: string, limitBytes: number): boolean {
  return text.length * 3 > limitBytes && Buffer.byteLength(text) > limitBytes;
}
