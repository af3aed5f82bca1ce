import { describe, expect, it } from "vitest";
import { createMetrics } from "../../observe/metrics.ts";
import { processGauges } from "./gauges.ts";
import { type HealthPart, healthParts, readinessOf } from "./process-health.ts";

const READY = { ready: true, reasons: [], degraded: [] };

function database(name: string, isSilent: boolean): HealthPart {
  return { part: "database", name, fault: isSilent ? `the database of ${name} does not answer` : undefined };
}

function peer(name: string, isDead: boolean): HealthPart {
  return { part: "peer", name, fault: isDead ? `${name} is not connected: ECONNREFUSED` : undefined };
}

describe("the readiness of a process", () => {
  const running = (hosted: readonly string[], parts: readonly HealthPart[]) => readinessOf({ phase: "running", hosted, parts });

  it("is given while all works", () => {
    expect(running(["orders"], [database("orders", false), peer("stock", false)])).toEqual(READY);
  });

  it("is not given while the process starts or stops, whatever works", () => {
    for (const phase of ["starting", "stopping"] as const)
      expect(readinessOf({ phase, hosted: [], parts: [peer("stock", false)] })).toEqual({
        ...{ ready: false, degraded: [] },
        reasons: [`this process is ${phase}`],
      });
  });

  it("stays with an edge that hosts no context, though each process that it calls is dead", () => {
    const degraded = ["orders is not connected: ECONNREFUSED", "stock is not connected: ECONNREFUSED"];
    expect(running([], [peer("orders", true), peer("stock", true)])).toEqual({ ...READY, degraded });
  });

  it("stays while one context can work, with a database that answers or without a database", () => {
    const degraded = ["the database of orders does not answer"];
    expect(running(["orders", "stock"], [database("orders", true), database("stock", false)])).toEqual({ ...READY, degraded });
    expect(running(["orders", "rates"], [database("orders", true)])).toEqual({ ...READY, degraded });
  });

  it("is lost when each context has a silent database; what else is away is named beside it", () => {
    expect(running(["orders", "stock"], [database("orders", true), database("stock", true), peer("mails", true)])).toEqual({
      ready: false,
      reasons: ["the database of orders does not answer", "the database of stock does not answer"],
      degraded: ["mails is not connected: ECONNREFUSED"],
    });
  });

  it("stays while queues or shared rate limits are away", () => {
    const backend = { kind: "redis", fault: "the queues cannot be reached: events and jobs wait" } as const;
    const parts = healthParts({
      databases: new Map(),
      differing: new Map(),
      silent: new Set(),
      peers: new Map(),
      boards: new Map(),
      hanging: new Map(),
      backend,
      rateStore: { reachable: false },
    });
    expect(running(["orders"], parts)).toEqual({
      ...READY,
      degraded: [
        "the queues cannot be reached: events and jobs wait",
        "Redis cannot be reached: for rate limits, this edge counts only its own calls",
      ],
    });
  });
});

describe("the gauge of what does not work", () => {
  it("has one series for each part of the plan, whatever fails and however often", async () => {
    const silent = new Set<string>();
    let reason: string | undefined;
    const state = () => ({ status: reason === undefined ? ("ready" as const) : ("connecting" as const), reason });
    const sources: Parameters<typeof healthParts>[0] = {
      ...{
        databases: new Map([["orders", {}]]),
        differing: new Map(),
        silent,
        peers: new Map([["stock", { state }]]),
        boards: new Map(),
        hanging: new Map(),
      },
      ...{ backend: { kind: "postgres", fault: undefined }, rateStore: { reachable: true } },
    };
    const gauges = processGauges({
      skewsMs: new Map(),
      ...{ database: { url: undefined, stores: new Map() }, hosted: [], mesh: undefined, peers: new Map() },
      parts: () => healthParts(sources),
    });
    const metrics = createMetrics({ gauges, processMetrics: false });
    const lines = async () => (await metrics.text()).split("\n").filter((line) => line.startsWith("holon_degraded{"));
    const series = (orders: number, stock: number) => [
      `holon_degraded{part="database",name="orders"} ${orders}`,
      `holon_degraded{part="peer",name="stock"} ${stock}`,
      'holon_degraded{part="queues",name="postgres"} 0',
      'holon_degraded{part="rates",name="redis"} 0',
    ];

    expect(await lines()).toEqual(series(0, 0));
    silent.add("orders");
    for (let port = 1; port < 100; port++) {
      reason = `connect ECONNREFUSED 127.0.0.1:${port}`;
      expect(await lines()).toEqual(series(1, 1));
    }
    silent.clear();
    reason = undefined;
    expect(await lines()).toEqual(series(0, 0));
  });
});
