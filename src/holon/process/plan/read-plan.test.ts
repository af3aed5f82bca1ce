import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { ConfigurationError } from "./configuration-error.ts";
import type { Environment } from "./environment-reader.ts";
import type { Plan } from "./plan.ts";
import { readPlan } from "./read-plan.ts";
import { contextShape, SHOP } from "./shop-shape.testing.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const PG = "postgres://shop:secret-password@db:5432/shop";
/** The variables of every process of a split app. */
const SHARED = { HOLON_SECRET: "of this app" };
const PRODUCTION = { NODE_ENV: "production", DATABASE_URL: PG, HOLON_SECRET: SECRET };
const CATALOG = "http://catalog:3001";
const EDGE = { HOLON_CONTEXTS: "none", HOLON_CATALOG_URL: CATALOG, HOLON_ORDERS_URL: "mesh://orders" };

function faultsOf(env: Environment, shape = SHOP): ConfigurationError {
  try {
    readPlan(shape, env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("the environment was not refused");
}

describe("a plan", () => {
  it("of an empty environment hosts everything on this machine", () => {
    expect(readPlan(SHOP, {})).toEqual({
      name: "shop",
      production: false,
      contexts: ["catalog", "payments", "orders", "mail"],
      roles: ["edge", "rpc", "jobs"],
      edge: { host: "127.0.0.1", port: 3000 },
      mesh: { host: "127.0.0.1", port: 3001 },
      ops: { host: "127.0.0.1", port: 3002 },
      opsWrite: false,
      addresses: {},
      database: { kind: "embedded", folder: ".holon/postgres" },
      databaseContexts: ["catalog", "payments", "orders", "mail"],
      contextDatabases: {},
      queuePrefix: "shop",
      workersCount: 4,
      secretMadeUp: true,
      limits: { ...DEFAULT_LIMITS, drainMs: 0 },
      logLevel: "info",
      onUnhandled: "exit",
      trustedProxies: [],
      corsOrigins: [],
      docs: "page",
    });
  });

  it.each<[what: string, env: Environment, expected: Partial<Plan>]>([
    ["hosts the named contexts, in the order of the app", { HOLON_CONTEXTS: "mail, catalog", HOLON_ROLES: "rpc" }, { contexts: ["catalog", "mail"] }],
    ["hosts all contexts by that word, too", { HOLON_CONTEXTS: "all" }, { contexts: ["catalog", "payments", "orders", "mail"] }],
    ["of a bare edge has no other role", EDGE, { contexts: [], roles: ["edge"], database: { kind: "none" } }],
    ["gives mesh addresses one form", EDGE, { addresses: { catalog: ["mesh://catalog:3001"], orders: ["mesh://orders:3001"] } }],
    [
      "takes several addresses of a context",
      { ...EDGE, HOLON_CATALOG_URL: "http://a:1, mesh://[::1]:2/,http://c" },
      { addresses: { catalog: ["mesh://a:1", "mesh://[::1]:2", "mesh://c:80"], orders: ["mesh://orders:3001"] } },
    ],
    [
      "takes 0 for any free port, twice",
      { PORT: "0", HOLON_MESH_PORT: "0" },
      { edge: { host: "127.0.0.1", port: 0 }, mesh: { host: "127.0.0.1", port: 0 } },
    ],
    [
      "takes a named host, except for operations",
      { HOLON_HOST: "::1" },
      { edge: { host: "::1", port: 3000 }, ops: { host: "127.0.0.1", port: 3002 } },
    ],
    ["opens operations to others when told", { HOLON_OPS_HOST: "0.0.0.0" }, { ops: { host: "0.0.0.0", port: 3002 } }],
    [
      "of production listens to everybody, except for operations",
      PRODUCTION,
      { production: true, edge: { host: "0.0.0.0", port: 3000 }, ops: { host: "127.0.0.1", port: 3002 } },
    ],
    ["uses the database that is named, for queues too", { DATABASE_URL: PG }, { database: { kind: "server", url: PG }, queueDatabase: PG }],
    ["puts queues where told", { DATABASE_URL: PG, HOLON_QUEUE_DATABASE_URL: "postgres://q/q" }, { queueDatabase: "postgres://q/q" }],
    [
      "gives a context its own database",
      { HOLON_MAIL_DATABASE_URL: "postgres://m/m" },
      { contextDatabases: { mail: "postgres://m/m" }, database: { kind: "embedded", folder: ".holon/postgres" } },
    ],
    [
      "keeps databases of contexts that run elsewhere to itself",
      { HOLON_CONTEXTS: "catalog", HOLON_ROLES: "rpc", HOLON_MAIL_DATABASE_URL: "postgres://m/m" },
      { contextDatabases: {} },
    ],
    [
      "needs no shared database where each has its own",
      { HOLON_CONTEXTS: "catalog", HOLON_ROLES: "rpc", HOLON_CATALOG_DATABASE_URL: PG },
      { database: { kind: "none" } },
    ],
    ["keeps its queues apart from those of others", { HOLON_QUEUE_PREFIX: "staging_shop" }, { queuePrefix: "staging_shop" }],
    ["uses Redis for queues", { REDIS_URL: "rediss://r:6379" }, { redisUrl: "rediss://r:6379" }],
    [
      "takes folder and port of the embedded database",
      { HOLON_EMBEDDED_FOLDER: "/data", HOLON_EMBEDDED_PORT: "5555" },
      { database: { kind: "embedded", folder: "/data", port: 5555 } },
    ],
    [
      "of production takes the embedded database when asked by name",
      { ...PRODUCTION, DATABASE_URL: undefined, HOLON_ALLOW_EMBEDDED_DATABASE: "yes" },
      { database: { kind: "embedded", folder: ".holon/postgres" } },
    ],
    [
      "of production makes up a secret when asked by name",
      { ...PRODUCTION, HOLON_SECRET: undefined, HOLON_ALLOW_MADE_UP_SECRET: "yes" },
      { secretMadeUp: true },
    ],
    ["of production needs no secret without a mesh", { ...PRODUCTION, HOLON_SECRET: undefined, HOLON_ROLES: "edge,jobs" }, { secretMadeUp: true }],
    ["takes a short secret in development", { HOLON_SECRET: "s" }, { secret: "s", secretMadeUp: false }],
    ["overrides a limit", { HOLON_LIMIT_BODY_BYTES: "5" }, { limits: { ...DEFAULT_LIMITS, drainMs: 0, bodyBytes: 5 } }],
    [
      "keeps old rows longer than any timer waits",
      { HOLON_LIMIT_OUTBOX_KEPT_MS: "2592000000" },
      { limits: { ...DEFAULT_LIMITS, drainMs: 0, outboxKeptMs: 2_592_000_000 } },
    ],
    ["waits for balancers where told to", { HOLON_LIMIT_DRAIN_MS: "5" }, { limits: { ...DEFAULT_LIMITS, drainMs: 5 } }],
    ["believes the named proxies", { HOLON_TRUSTED_PROXIES: "10.0.0.0/8,::1" }, { trustedProxies: ["10.0.0.0/8", "::1"] }],
    ["lets admins change things where that is asked for", { HOLON_OPS_WRITE: "yes" }, { opsWrite: true }],
    ["of production shows the document, and no page", PRODUCTION, { docs: "document" }],
    ["of production shows the page when told", { ...PRODUCTION, HOLON_DOCS: "page" }, { docs: "page" }],
    ["of production goes on after a rejection of the app's own", PRODUCTION, { onUnhandled: "log" }],
    ["goes on after a rejection of the app's own when told", { HOLON_ON_UNHANDLED: "log" }, { onUnhandled: "log" }],
    ["names the handler that left a promise when told", { ...PRODUCTION, HOLON_ON_UNHANDLED: "trace" }, { onUnhandled: "trace" }],
    ["shows no document when told", { HOLON_DOCS: "off" }, { docs: "off" }],
    ["lets named origins call", { HOLON_CORS_ORIGINS: "https://shop.example" }, { corsOrigins: ["https://shop.example"] }],
    ["sends traces where told", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318" }, { otlpEndpoint: "http://otel:4318" }],
    ["passes over variables of the project's own tests", { HOLON_FAULT_SCALE: "0.1" }, { name: "shop" }],
  ])("%s", (_what, env, expected) => {
    expect(readPlan(SHOP, { ...SHARED, ...env })).toMatchObject(expected);
  });

  it("knows which hosted contexts need a database", () => {
    const shape = { ...SHOP, contexts: [contextShape("pure", { hasTables: false }), contextShape("kept")] };
    expect(readPlan(shape, {}).databaseContexts).toEqual(["kept"]);
  });
});

describe("a configuration is refused", () => {
  it.each<[what: string, env: Environment, variable: string, says: RegExp]>([
    ["with an empty variable", { DATABASE_URL: "" }, "DATABASE_URL", /empty/],
    ["with a blank variable", { HOLON_CONTEXTS: "  " }, "HOLON_CONTEXTS", /empty/],
    ["with an empty item in a list", { HOLON_CONTEXTS: "catalog,,payments,orders,mail" }, "HOLON_CONTEXTS", /empty item/],
    ["with a port that is not a number", { PORT: "http" }, "PORT", /"http"/],
    ["with a port out of range", { HOLON_MESH_PORT: "65536" }, "HOLON_MESH_PORT", /65535/],
    ["with a port below nothing", { HOLON_OPS_PORT: "-1" }, "HOLON_OPS_PORT", /"-1"/],
    ["with two equal ports", { PORT: "3002" }, "HOLON_OPS_PORT", /so is PORT/],
    ["with a host that has a scheme", { HOLON_HOST: "http://x" }, "HOLON_HOST", /without scheme/],
    ["with another environment than the three", { NODE_ENV: "prod" }, "NODE_ENV", /production/],
    ["with an unknown log level", { LOG_LEVEL: "wran" }, "LOG_LEVEL", /Did you mean warn\?/],
    [
      "with a database of another kind",
      { DATABASE_URL: "mysql://u:secret-password@h/d" },
      "DATABASE_URL",
      /mysql:\/\/ and must begin with postgres:/,
    ],
    ["with a database that is no URL", { HOLON_MAIL_DATABASE_URL: "shop:secret-password@h" }, "HOLON_MAIL_DATABASE_URL", /not a URL/],
    ["with a Redis of another kind", { REDIS_URL: "http://secret-password@h" }, "REDIS_URL", /redis:/],
    ["with a collector that is no URL", { OTEL_EXPORTER_OTLP_ENDPOINT: "otel:4318" }, "OTEL_EXPORTER_OTLP_ENDPOINT", /not a URL/],
    [
      "with a mesh address of another scheme",
      { ...EDGE, HOLON_CATALOG_URL: "https://catalog" },
      "HOLON_CATALOG_URL",
      /https:\/\/ and must begin with/,
    ],
    ["with a mesh address that has a path", { ...EDGE, HOLON_CATALOG_URL: "http://gateway/catalog" }, "HOLON_CATALOG_URL", /path/],
    ["with a mesh address that has a login", { ...EDGE, HOLON_CATALOG_URL: "http://u:secret-password@catalog" }, "HOLON_CATALOG_URL", /login/],
    ["with a mesh address without a host", { ...EDGE, HOLON_CATALOG_URL: "mesh:///x" }, "HOLON_CATALOG_URL", /host/],
    ["with a mesh address at port 0", { ...EDGE, HOLON_CATALOG_URL: "mesh://catalog:0" }, "HOLON_CATALOG_URL", /port 0/],
    ["with an unknown variable", { HOLON_CONTEXT: "catalog" }, "HOLON_CONTEXT", /Did you mean HOLON_CONTEXTS\?/],
    ["with an unknown variable that is near nothing", { HOLON_COLOUR_OF_THE_SKY: "blue" }, "HOLON_COLOUR_OF_THE_SKY", /no setting/],
    ["with an unknown limit", { HOLON_LIMIT_BODY_BYTE: "5" }, "HOLON_LIMIT_BODY_BYTE", /HOLON_LIMIT_BODY_BYTES/],
    ["with an address of an unknown context", { HOLON_CATLOG_URL: CATALOG }, "HOLON_CATLOG_URL", /context "catlog".*HOLON_CATALOG_URL\?/s],
    ["with a database of an unknown context", { HOLON_CART_DATABASE_URL: PG }, "HOLON_CART_DATABASE_URL", /context "cart"/],
    [
      "with an unknown context to host",
      { HOLON_CONTEXTS: "catalog,order", HOLON_ROLES: "rpc", HOLON_PAYMENTS_URL: "mesh://p" },
      "HOLON_CONTEXTS",
      /"order".*Did you mean orders\?/s,
    ],
    ["with none and names", { ...EDGE, HOLON_CONTEXTS: "none,catalog" }, "HOLON_CONTEXTS", /none/],
    ["with an unknown role", { HOLON_ROLES: "edge,job" }, "HOLON_ROLES", /"job".*Did you mean jobs\?/s],
    ["with rpc where nothing is hosted", { ...EDGE, HOLON_ROLES: "edge,rpc" }, "HOLON_ROLES", /hosts no context/],
    ["with jobs where nothing is hosted", { ...EDGE, HOLON_ROLES: "edge,jobs" }, "HOLON_ROLES", /hosts no context/],
    ["with an edge that cannot reach a public context", { ...EDGE, HOLON_ORDERS_URL: undefined }, "HOLON_ORDERS_URL", /edge answers for it/],
    [
      "with a context that cannot reach its callee",
      { HOLON_CONTEXTS: "orders", HOLON_ROLES: "rpc", HOLON_CATALOG_URL: CATALOG },
      "HOLON_PAYMENTS_URL",
      /orders calls it/,
    ],
    ["with a context both hosted and addressed", { HOLON_CATALOG_URL: CATALOG }, "HOLON_CATALOG_URL", /which this process hosts/],
    ["with no database in production", { ...PRODUCTION, DATABASE_URL: undefined }, "DATABASE_URL", /HOLON_ALLOW_EMBEDDED_DATABASE=yes/],
    [
      "with no secret that others share",
      { HOLON_SECRET: undefined, HOLON_CONTEXTS: "catalog", HOLON_ROLES: "rpc" },
      "HOLON_SECRET",
      /must have the same/,
    ],
    ["with no secret in production", { ...PRODUCTION, HOLON_SECRET: undefined }, "HOLON_SECRET", /HOLON_ALLOW_MADE_UP_SECRET=yes/],
    ["with a short secret in production", { ...PRODUCTION, HOLON_SECRET: "hunter2" }, "HOLON_SECRET", /7 characters/],
    ["with a permission that is not yes", { HOLON_ALLOW_EMBEDDED_DATABASE: "true" }, "HOLON_ALLOW_EMBEDDED_DATABASE", /yes/],
    [
      "with nowhere for queues to live",
      { HOLON_CONTEXTS: "catalog", HOLON_ROLES: "jobs", HOLON_CATALOG_DATABASE_URL: PG },
      "HOLON_QUEUE_DATABASE_URL",
      /missing/,
    ],
    ["with a limit of nothing", { HOLON_LIMIT_BODY_BYTES: "0" }, "HOLON_LIMIT_BODY_BYTES", /from 1/],
    ["with a wait that no timer can do", { HOLON_LIMIT_KEY_TTL_MS: "2147483648" }, "HOLON_LIMIT_KEY_TTL_MS", /2147483647/],
    ["with an inbox that forgets within a day", { HOLON_LIMIT_INBOX_KEPT_MS: "86399999" }, "HOLON_LIMIT_INBOX_KEPT_MS", /from 86400000/],
    [
      "with an inbox that forgets before the outbox does",
      { HOLON_LIMIT_INBOX_KEPT_MS: "86400000" },
      "HOLON_LIMIT_INBOX_KEPT_MS",
      /inboxKeptMs at 86400000/,
    ],
    ["with limits that contradict each other", { HOLON_LIMIT_GREATEST_DEADLINE_MS: "5" }, "HOLON_LIMIT_GREATEST_DEADLINE_MS", /deadlineMs at 10000/],
    ["with a number of hops for a proxy", { HOLON_TRUSTED_PROXIES: "1" }, "HOLON_TRUSTED_PROXIES", /networks/],
    ["with a network that is too narrow", { HOLON_TRUSTED_PROXIES: "10.0.0.0/33" }, "HOLON_TRUSTED_PROXIES", /10\.0\.0\.0\/33/],
    ["with every origin allowed", { HOLON_CORS_ORIGINS: "*" }, "HOLON_CORS_ORIGINS", /whole origins/],
    ["with an origin that has a path", { HOLON_CORS_ORIGINS: "https://shop.example/" }, "HOLON_CORS_ORIGINS", /whole origins/],
  ])("%s", (_what, env, variable, says) => {
    const { faults } = faultsOf({ ...SHARED, ...env });
    expect(faults.map((fault) => fault.variable)).toEqual([variable]);
    expect(`${faults[0]?.problem} ${faults[0]?.cure}`).toMatch(says);
  });

  it("with all its faults at once, each with a cure", () => {
    const error = faultsOf({ ...SHARED, PORT: "x", DATABASE_URL: "", HOLON_CONTEXT: "a", LOG_LEVEL: "loud", HOLON_CATALOG_URL: CATALOG });
    expect(error.faults.map((fault) => fault.variable)).toEqual(["PORT", "HOLON_CATALOG_URL", "DATABASE_URL", "LOG_LEVEL", "HOLON_CONTEXT"]);
    expect(error.faults.every((fault) => fault.cure.length > 10)).toBe(true);
    expect(error.render().split("\n")).toHaveLength(11);
  });

  it("without showing a secret", () => {
    const canary = "secret-password";
    const places = [
      "DATABASE_URL",
      "REDIS_URL",
      "HOLON_CATALOG_URL",
      "HOLON_MAIL_DATABASE_URL",
      "HOLON_CORS_ORIGINS",
      "HOLON_TRUSTED_PROXIES",
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "HOLON_HOST",
      "HOLON_SECRE",
    ];
    const shapes = [`x://u:${canary}@h`, `u:${canary}@h`, `postgres://u:12/${canary}@h/d`, `http://u:${canary}@h/p`, `http//${canary}@h`];
    const shown = places.flatMap((name) => shapes.map((value) => faultsOf({ [name]: value, PORT: "x" }).render()));
    expect(shown.filter((text) => text.includes(canary))).toEqual([]);
  });

  it("when contexts call each other in a circle that is not listed", () => {
    const contexts = [contextShape("a", { calls: ["b"] }), contextShape("b", { calls: ["c"] }), contextShape("c", { calls: ["a"] })];
    expect(faultsOf({}, { name: "x", contexts }).faults).toMatchObject([
      { variable: "allowedCycles", problem: expect.stringContaining("a -> b -> c -> a") },
    ]);
    expect(readPlan({ name: "x", contexts, allowedCycles: [{ contexts: ["c", "a", "b"], reason: "they were one once" }] }, {}).name).toBe("x");
  });

  it("when a context has a name that variables use for something else", () => {
    expect(faultsOf({}, { name: "x", contexts: [contextShape("queue")] }).faults).toMatchObject([
      { variable: "defineApp", problem: expect.stringContaining('"queue"') },
    ]);
  });

  it("when a circle is listed without a reason", () => {
    const contexts = [contextShape("a", { calls: ["b"] }), contextShape("b", { calls: ["a"] })];
    expect(faultsOf({}, { name: "x", contexts, allowedCycles: [{ contexts: ["a", "b"], reason: " " }] }).faults).toMatchObject([
      { problem: expect.stringContaining("without a reason") },
    ]);
  });

  it("when a callee that another deployment hosts has no address", () => {
    const shape = { name: "x", contexts: [contextShape("a", { calls: ["far"] })] };
    expect(faultsOf(SHARED, shape).faults).toMatchObject([{ variable: "HOLON_FAR_URL", cure: expect.not.stringContaining("HOLON_CONTEXTS") }]);
    expect(readPlan(shape, { ...SHARED, HOLON_FAR_URL: "mesh://far" }).addresses).toEqual({ far: ["mesh://far:3001"] });
  });
});
