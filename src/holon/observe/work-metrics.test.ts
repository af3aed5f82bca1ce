import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";
import { WorkMetrics } from "./work-metrics.ts";

describe("work metrics", () => {
  it("count attempts by kind, context, name and outcome", async () => {
    const work = new WorkMetrics();
    work.count("job", "orders", "sendReceipt", "done");
    work.count("job", "orders", "sendReceipt", "done");
    work.count("event", "mail", "orders.placed", "failed");
    const text = await createMetrics({ processMetrics: false, work }).text();
    expect(text).toContain('holon_work_attempts_total{kind="job",context="orders",name="sendReceipt",outcome="done"} 2');
    expect(text).toContain('holon_work_attempts_total{kind="event",context="mail",name="orders.placed",outcome="failed"} 1');
  });
});
