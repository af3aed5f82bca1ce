import { BATCH, type Question, SINGLE } from "./load.ts";
import { SERVERS, type StartServer } from "./servers.ts";

/** A server and what it is asked. */
export interface EdgeContender {
  readonly start: StartServer;
  readonly question: Question;
}

/** By the name of the contender. */
export const edgeContenders: Readonly<Record<string, EdgeContender>> = Object.fromEntries(
  Object.entries(SERVERS).flatMap(([name, start]) => [
    [name, { start, question: SINGLE }],
    [`${name}-batch`, { start, question: BATCH }],
  ]),
);
