import { register } from "prom-client";
import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";

describe("createMetrics", () => {
  it("reads gauges when it is scraped, and forgets labels that are gone", async () => {
    let pools: [string[], number][] = [[["orders"], 3]];
    let depth = 1;
    const metrics = createMetrics({
      processMetrics: false,
      gauges: [{ name: "holon_pool_in_use", help: "Connections in use.", labels: ["context"], values: () => pools }],
    });
    metrics.addGauge({ name: "holon_outbox_depth", help: "Events that wait.", values: async () => [[[], depth]] });
    expect(await metrics.text()).toContain('holon_pool_in_use{context="orders"} 3');
    pools = [[["catalog"], 1]];
    depth = 7;
    const text = await metrics.text();
    expect(text).toContain('holon_pool_in_use{context="catalog"} 1');
    expect(text).not.toContain("orders");
    expect(text).toContain("holon_outbox_depth 7");
  });

  it("has the process's own numbers, with the delay of the event loop, and touches no global registry", async () => {
    const text = await createMetrics({}).text();
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \S+$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(await register.metrics()).toBe("\n");
  });
});
