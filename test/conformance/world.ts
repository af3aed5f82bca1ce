import { type TestApp, type Topology, testApp } from "holon/testing";
import postgres, { type Sql } from "postgres";
import { contracts } from "./app/contracts/index.ts";
import { createConformanceApp } from "./app/index.ts";
import { type EdgeClient, type EdgeOptions, edgeClient } from "./edge-client.ts";
import { Probe } from "./probe.ts";

/** The app of the cases, running in one topology. */
export interface World {
  readonly topology: Topology;
  readonly app: TestApp<typeof contracts>;
  readonly probe: Probe;
  /** The database, with its owner's rights. */
  readonly sql: Sql;
  /** A tag that no other case has. */
  tag(): string;
  /** An official client. */
  edge(options?: EdgeOptions): EdgeClient;
  close(): Promise<void>;
}

/** Starts the app in one topology. */
export async function openWorld(topology: Topology): Promise<World> {
  const probe = new Probe();
  const app = await testApp(createConformanceApp(probe), { contracts, topology, faults: false });
  const sql = postgres(app.databaseUrl, { max: 2, onnotice: () => {}, fetch_types: false });
  let tags = 0;
  return {
    ...{ topology, app, probe, sql },
    tag: () => `tag${++tags}`,
    edge: (options) => edgeClient(app.url, options),
    async close() {
      await sql.end({ timeout: 5 });
      await app.close();
    },
  };
}
