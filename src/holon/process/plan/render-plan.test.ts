import { describe, expect, it } from "vitest";
import { readPlan } from "./read-plan.ts";
import { connectionBudget, renderPlan } from "./render-plan.ts";
import { SHOP } from "./shop-shape.testing.ts";

describe("a plan in print", () => {
  it("names what a process hosts, opens and uses", () => {
    const text = renderPlan(
      readPlan(SHOP, {
        HOLON_SECRET: "of this app",
        HOLON_CONTEXTS: "orders",
        HOLON_ROLES: "rpc,jobs",
        HOLON_CATALOG_URL: "mesh://c",
        HOLON_PAYMENTS_URL: "mesh://p:9",
        HOLON_LIMIT_POOL_COUNT: "3",
        HOLON_MESH_PORT: "0",
      }),
    );
    expect(text.split("\n")).toEqual([
      "app                   shop (development)",
      "contexts              orders",
      "roles                 rpc, jobs",
      "mesh                  http://127.0.0.1:any free port",
      "operations            http://127.0.0.1:3002",
      "calls catalog         mesh://c:3001",
      "calls payments        mesh://p:9",
      "database              embedded Postgres in .holon/postgres",
      "queues                on the embedded Postgres",
      "connections           12 to Postgres at most: 3 for contexts, 1 for health, 3 for renewals, 1 listening, 4 for queues",
      "identity              by secret: proves membership only",
      "mesh TLS              off",
      "secret                given",
      "log level             info",
      "unhandled rejections  exit",
      "traces                off",
      "trusted proxies       none",
      "cors origins          none",
      "docs                  page",
      "limits                poolCount 3 (default 5), drainMs 0 (default 5000)",
    ]);
  });

  it("shows no secret", () => {
    const url = (scheme: string) => `${scheme}://user:canary@host/path?password=canary`;
    const env = {
      DATABASE_URL: url("postgres"),
      HOLON_MAIL_DATABASE_URL: url("postgresql"),
      HOLON_SECRET: "canary",
      OTEL_EXPORTER_OTLP_ENDPOINT: url("https"),
    };
    const queues = [
      { REDIS_URL: url("redis") },
      { REDIS_URL: "redis://canary@host" },
      { REDIS_URL: "redis://:canary@host" },
      { HOLON_QUEUE_DATABASE_URL: "postgres://u:1/canary@host/d" },
    ];
    expect(queues.map((queue) => renderPlan(readPlan(SHOP, { ...env, ...queue }))).join("\n")).not.toContain("canary");
  });
});

describe("the connections of a process", () => {
  it.each([
    ["are five a context, one for its health and three for renewals, one to listen, five for queues and one for each queue that is worked", {}, 46],
    ["are none for queues on Redis", { REDIS_URL: "redis://r" }, 37],
    ["are none for queues and renewals of work that is done elsewhere", { HOLON_ROLES: "edge,rpc" }, 25],
    ["are none for a bare edge", { HOLON_SECRET: "s", HOLON_CONTEXTS: "none", HOLON_CATALOG_URL: "mesh://c", HOLON_ORDERS_URL: "mesh://o" }, 0],
  ])("%s", (_what, env, totalCount) => {
    expect(connectionBudget(readPlan(SHOP, env))).toMatchObject({ totalCount });
  });
});
