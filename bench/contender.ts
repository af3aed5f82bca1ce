import type { Contender, ContenderClient } from "./mesh/contender.ts";

/** Asks for products, one a call. */
export interface BenchClient extends ContenderClient {
  /** Called before each round. */
  begin?(): void;
}

/** A way to call a procedure of the same process. */
export interface LocalContender {
  start(): Promise<BenchClient>;
}

/** A way to call a procedure of another process: a server and a client, in two processes. */
export interface MeshContender extends Contender {
  createClient(port: number): Promise<BenchClient>;
}
