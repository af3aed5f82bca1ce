import { BATCH, type Question, REST, SINGLE } from "./load.ts";
import { REST_SERVERS, type StartServer, TRPC_SERVERS } from "./servers.ts";

/** A server, and the request that it gets. */
export interface EdgeContender {
  readonly start: StartServer;
  readonly question: Question;
}

/** The contenders by name. */
export const edgeContenders: Readonly<Record<string, EdgeContender>> = {
  ...asked(TRPC_SERVERS, "", SINGLE),
  ...asked(TRPC_SERVERS, "-batch", BATCH),
  ...asked(REST_SERVERS, "", REST),
};

function asked(servers: Readonly<Record<string, StartServer>>, suffix: string, question: Question): Record<string, EdgeContender> {
  return Object.fromEntries(Object.entries(servers).map(([name, start]) => [`${name}${suffix}`, { start, question }]));
}
