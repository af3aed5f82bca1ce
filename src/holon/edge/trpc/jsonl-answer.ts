import type { EdgeCall } from "../http/edge-call.ts";
import type { Exchange } from "../http/exchange.ts";
import type { AnswerWriter } from "./call-group.ts";
import { AnswerBudget } from "./json-answer.ts";

/**
 * Answers a request of httpBatchStreamLink: one line as a table of contents, then the lines of each call as soon as it has ended.
 *
 * The lines are those that tRPC's own producer writes for results without promises inside: a call is a promise of `{ result }`, which is a
 * promise of `{ data }`, which is a promise of the output. Chunks are numbered in the order in which they are first found.
 */
export class JsonlAnswer implements AnswerWriter {
  readonly #exchange: Exchange;
  readonly #budget: AnswerBudget;
  #nextChunk: number;

  constructor(exchange: Exchange, callCount: number) {
    this.#exchange = exchange;
    this.#budget = new AnswerBudget(exchange.parts.limits, callCount);
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
