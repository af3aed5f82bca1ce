import type { HolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Principal } from "../../kernel/principal.ts";
import { answerTooLarge, type CallOwner, type EdgeCall } from "../http/edge-call.ts";
import { errorHeader, toErrorJson } from "../http/error-body.ts";
import type { HttpExchange } from "../http/http-exchange.ts";
import type { AddressedClient } from "../rates/procedure-rates.ts";

/** The JSON of one call's answer, as tRPC writes it: `{"result":{"data":...}}` or `{"error":...}`. */
function toCallJson(call: EdgeCall, errorBytes: number): string {
  if (call.error !== undefined) return toErrorJson(call.error, call.path, errorBytes);
  return call.json === undefined ? '{"result":{}}' : `{"result":{"data":${call.json}}}`;
}

/** Answers a request of httpLink. */
export class SingleAnswer implements AnswerWriter {
  readonly #exchange: HttpExchange;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  settled(): void {}

  finished([call]: readonly EdgeCall[]): void {
    const { error } = call as EdgeCall;
    const body = toCallJson(call as EdgeCall, this.#exchange.deps.limits.errorBytes);
    this.#exchange.sendJson(error?.status ?? 200, body, error === undefined ? undefined : headerOf(error, [call as EdgeCall]));
  }
}

/** Answers a request of httpBatchLink: all results at once, with status 207 if their statuses differ. */
export class BatchAnswer implements AnswerWriter {
  readonly #exchange: HttpExchange;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  settled(): void {}

  finished(calls: readonly EdgeCall[]): void {
    const { limits } = this.#exchange.deps;
    const budget = new AnswerBudget(limits, calls.length);
    const texts: string[] = [];
    let status: number | undefined;
    let refused: HolonError | undefined;
    for (const call of calls) {
      texts.push(budget.take(call));
      const own = call.error?.status ?? 200;
      status = status === undefined || status === own ? own : 207;
      if (call.error !== undefined && (refused === undefined || HAVE_HEADER.has(call.error.code))) refused = call.error;
    }
    this.#exchange.sendJson(status ?? 200, `[${texts.join(",")}]`, refused === undefined ? undefined : headerOf(refused, calls));
  }
}

/** The length of an error in its shortest form: code and the catalogue's message. */
const SHORTEST_ERROR_BYTES = 400;

/**
 * Limits the length of the answer to a batch: all results together have at most `responseBytes`, and all errors together have at most
 * `errorBytes`.
 */
class AnswerBudget {
  readonly #responseBytes: number;
  #leftBytes: number;
  #errorBytes: number;
  #callCount: number;

  constructor({ responseBytes, errorBytes }: Pick<Limits, "responseBytes" | "errorBytes">, callCount: number) {
    this.#responseBytes = responseBytes;
    this.#leftBytes = responseBytes;
    this.#errorBytes = errorBytes;
    this.#callCount = callCount;
  }

  /** The JSON of a call. A result that does not fit any more becomes an error; an error that is too long is shortened. */
  take(call: EdgeCall): string {
    this.#callCount--;
    if (call.error === undefined) {
      const sizeBytes = call.json === undefined ? 0 : Buffer.byteLength(call.json);
      if (sizeBytes <= this.#leftBytes) {
        this.#leftBytes -= sizeBytes;
        return toCallJson(call, 0);
      }
      call.error = answerTooLarge(this.#responseBytes);
    }
    const json = toCallJson(call, this.#errorBytes - this.#callCount * SHORTEST_ERROR_BYTES);
    this.#errorBytes -= Buffer.byteLength(json);
    return json;
  }
}

/** Codes whose answer has a header of its own. */
const HAVE_HEADER: ReadonlySet<string> = new Set(["METHOD_NOT_SUPPORTED", "TOO_MANY_REQUESTS"]);

/** The header that an answer gets because of an error. A 405 must say which methods are allowed (RFC 9110, 15.5.6). */
function headerOf(error: HolonError, calls: readonly EdgeCall[]): readonly string[] | undefined {
  if (error.code !== "METHOD_NOT_SUPPORTED") return errorHeader(error);
  const method = calls.find((call) => call.error === error)?.route?.method;
  return method === undefined ? undefined : ["allow", method];
}

/**
 * Answers a request of httpBatchStreamLink: one line as a table of contents, then the lines of each call as soon as it has ended.
 *
 * The lines are those that tRPC's own producer writes for results without promises inside: a call is a promise of `{ result }`, the result is
 * a promise of `{ data }`, and the data is a promise of the output. Each promise is a chunk with a number. The calls have the first numbers. The result and the
 * data of a call get the next two when the lines of the call are written.
 */
export class JsonlAnswer implements AnswerWriter {
  readonly #exchange: HttpExchange;
  readonly #budget: AnswerBudget;
  #nextChunk: number;

  constructor(exchange: HttpExchange, callCount: number) {
    this.#exchange = exchange;
    this.#budget = new AnswerBudget(exchange.deps.limits, callCount);
    this.#nextChunk = callCount;
  }

  /** Writes the head, so that the client knows at once that the request arrived. */
  begin(): void {
    const headers = this.#exchange.jsonHeaders();
    headers.push("transfer-encoding", "chunked");
    this.#exchange.response.writeHead(200, headers);
    const entries = Array.from({ length: this.#nextChunk }, (_, index) => `"${index}":[[0],[null,0,${index}]]`);
    this.#exchange.response.write(`{${entries.join(",")}}\n`);
  }

  settled(call: EdgeCall): void {
    const json = this.#budget.take(call);
    this.#exchange.response.write(call.error === undefined ? this.#resultLines(call) : `[${call.index},0,[[${json}]]]\n`);
  }

  finished(): void {
    this.#exchange.response.end();
  }

  #resultLines(call: EdgeCall): string {
    const result = this.#nextChunk++;
    const data = this.#nextChunk++;
    const value = call.json === undefined ? "[[]]" : `[[${call.json}]]`;
    return `[${call.index},0,[[{"result":0}],["result",0,${result}]]]\n[${result},0,[[{"data":0}],["data",0,${data}]]]\n[${data},0,${value}]\n`;
  }
}

/** Writes the answer for settled calls. */
export interface AnswerWriter {
  /** Called for each call, in the order in which they end. */
  settled(call: EdgeCall): void;
  /** Called when all calls have ended, with the calls in the order of the request. */
  finished(calls: readonly EdgeCall[]): void;
}

/** The calls of one request. They are started in order, with a limit on concurrent ones. When all have ended, the answer is finished. */
export class CallGroup implements CallOwner {
  readonly calls: EdgeCall[] = [];
  readonly #writer: AnswerWriter;
  readonly #concurrency: number;
  #principal: Principal | undefined = undefined;
  #client: AddressedClient | undefined = undefined;
  #nextIndex = 0;
  #runningCount = 0;
  #settledCount = 0;
  readonly #size: number;

  constructor(size: number, concurrency: number, writer: AnswerWriter) {
    this.#size = size;
    this.#concurrency = concurrency;
    this.#writer = writer;
  }

  /** Starts the calls that have not been refused. */
  start(principal: Principal, client: AddressedClient): void {
    this.#principal = principal;
    this.#client = client;
    this.#fill();
  }

  /** Ends every call that has no answer yet. */
  refuse(error: HolonError): void {
    // While there is no principal, `settled` starts no further call.
    this.#principal = undefined;
    for (const call of this.calls) call.refuse(error);
  }

  settled(call: EdgeCall): void {
    if (call.isStarted) this.#runningCount--;
    this.#settledCount++;
    this.#writer.settled(call);
    if (this.#settledCount === this.#size) this.#writer.finished(this.calls);
    else if (this.#principal !== undefined) this.#fill();
  }

  #fill(): void {
    while (this.#runningCount < this.#concurrency && this.#nextIndex < this.calls.length) {
      const call = this.calls[this.#nextIndex++] as EdgeCall;
      if (call.isSettled) continue;
      this.#runningCount++;
      call.start(this.#principal as Principal, this.#client as AddressedClient);
    }
  }
}
