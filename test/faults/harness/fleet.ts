import type { Sql } from "postgres";
import { freePorts } from "../../../src/holon/dev/postgres/free-ports.ts";
import { FaultProcess } from "./fault-process.ts";
import { connect, type FaultPostgres, startFaultPostgres } from "./postgres.ts";
import { type FaultProgram, faultProgram } from "./program.ts";
import { type BackendKind, type FaultQueues, postgresQueues, startRedisQueues } from "./queues.ts";

/** One process of a fleet. */
export interface Member {
  readonly name: string;
  readonly contexts: string;
  readonly roles: string;
  /** The program of this process, if it differs from the program of the fleet. */
  readonly program?: FaultProgram;
  /** The members that this one calls. By default, a member with the role `edge` calls all others. */
  readonly calls?: readonly string[];
  /** Further variables for this process only. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The options of a fleet. */
export interface FleetOptions {
  /** The name of the app: the fault tests have `delivery`, `chores` and `sagas`. */
  readonly app: string;
  readonly backend: BackendKind;
  readonly contexts: readonly string[];
  readonly members: readonly Member[];
  /** Whether each context has a database of its own. Queues in Postgres then have one too. */
  readonly ownDatabases?: boolean;
  /** The program of the members; by default the fault tests' own program. */
  readonly program?: FaultProgram;
  /** Further variables for all members. */
  readonly env?: Readonly<Record<string, string>>;
  /** A Postgres to use instead of the usual one. It is stopped with the fleet. */
  readonly postgres?: FaultPostgres;
  /** Starts a proxy in front of a mesh port, and returns the proxy's port. The processes then call each other through the proxies. */
  readonly between?: (port: number) => Promise<number>;
}

/** The real processes of a fault app, with their own Postgres and Redis. */
export interface Fleet {
  readonly app: string;
  readonly postgres: FaultPostgres;
  readonly queues: FaultQueues;
  readonly processes: readonly FaultProcess[];
  process(name: string): FaultProcess;
  /** The public address of a member with the role `edge`. */
  url(name: string): string;
  /** The address of a member's operations port. */
  opsUrl(name: string): string;
  /** The database of a context, with the owner's login. */
  sql(context: string): Sql;
  databaseUrl(context: string): string;
  close(): Promise<void>;
}

const SECRET = "a secret of the fault tests, long enough";

/** Starts a fleet on free ports, and waits until every process is ready. */
export async function startFleet({
  app,
  backend,
  contexts,
  members,
  ownDatabases = false,
  program,
  env = {},
  between = async (port) => port,
  ...options
}: FleetOptions): Promise<Fleet> {
  const postgres = options.postgres ?? (await startFaultPostgres());
  const urls = new Map<string, string>();
  const shared = ownDatabases ? undefined : await postgres.createDatabase(app);
  for (const context of contexts) urls.set(context, shared ?? (await postgres.createDatabase(`${app}_${context}`)));
  const queues = backend === "redis" ? await startRedisQueues(app) : postgresQueues(app, shared ?? (await postgres.createDatabase(`${app}_queues`)));
  const databases: Record<string, string> =
    shared === undefined
      ? Object.fromEntries([...urls].map(([context, url]) => [`HOLON_${context.toUpperCase()}_DATABASE_URL`, url]))
      : { DATABASE_URL: shared };
  const ports = new Map<string, readonly number[]>();
  const free = await freePorts(members.length * 3);
  for (const { name } of members) ports.set(name, free.splice(0, 3));
  const portOf = (name: string, index: number): string => String(ports.get(name)?.[index]);
  const answering = members.filter(({ roles }) => roles.includes("rpc"));
  const meshes = new Map<string, number>();
  for (const { name } of answering) meshes.set(name, await between(Number(portOf(name, 1))));
  /** The addresses of the contexts that a member does not host. Each is the address of a member that it calls. */
  const addressesFor = ({ contexts: own, roles, calls }: Member): Record<string, string> => {
    const called = answering.filter(({ name }) => calls?.includes(name) ?? roles.includes("edge"));
    const hosts = called.flatMap(({ name, contexts: hosted }) => hosted.split(",").map((context) => [context, meshes.get(name)] as const));
    const away = hosts.filter(([context]) => !own.split(",").includes(context));
    return Object.fromEntries(away.map(([context, port]) => [`HOLON_${context.toUpperCase()}_URL`, `http://127.0.0.1:${port}`]));
  };
  const usual = program ?? (await faultProgram());
  const processes = members.map((member) =>
    FaultProcess.start(member.name, member.program ?? usual, {
      ...{ FAULT_APP: app, HOLON_SECRET: SECRET, LOG_LEVEL: "info", ...queues.env, ...databases },
      ...{ HOLON_CONTEXTS: member.contexts, HOLON_ROLES: member.roles },
      ...{ PORT: portOf(member.name, 0), HOLON_MESH_PORT: portOf(member.name, 1), HOLON_OPS_PORT: portOf(member.name, 2) },
      ...addressesFor(member),
      ...env,
      ...member.env,
    }),
  );
  const connections = new Map([...new Set(urls.values())].map((url) => [url, connect(url)]));
  const close = async (): Promise<void> => {
    await Promise.all(processes.map((process) => process.close()));
    await Promise.all([...connections.values()].map((sql) => sql.end({ timeout: 5 })));
    await queues.stop();
    await postgres.stop();
  };
  try {
    await Promise.all(processes.map((process) => process.ready()));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...{ app, postgres, queues, processes, close },
    process: (name) => processes.find((process) => process.name === name) as FaultProcess,
    url: (name) => `http://127.0.0.1:${portOf(name, 0)}`,
    opsUrl: (name) => `http://127.0.0.1:${portOf(name, 2)}`,
    databaseUrl: (context) => urls.get(context) as string,
    sql: (context) => connections.get(urls.get(context) as string) as Sql,
  };
}
