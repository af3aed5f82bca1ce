/** The client of a contender. */
export interface ContenderClient {
  get(id: number): Promise<{ readonly tags: readonly string[] }>;
  close(): Promise<void>;
}

/** One way to get a product from another process: a server and a client for two processes. */
export interface Contender {
  startServer(port: number): Promise<{ close(): Promise<void> }>;
  createClient(port: number): Promise<ContenderClient>;
}
