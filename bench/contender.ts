import type { Contender, ContenderClient } from "./mesh/contender.ts";

/** A client that gets one product for each call. */
export interface BenchClient extends ContenderClient {
  /** Called before each round. */
  begin?(): void;
}

/** A way to call a procedure of the same process. */
export interface LocalContender {
  start(): Promise<BenchClient>;
}

/** A way to call a procedure of another process, with a server and a client in two processes. */
export interface MeshContender extends Contender {
  createClient(port: number): Promise<BenchClient>;
}
