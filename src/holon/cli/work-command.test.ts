import { describe, expect, it } from "vitest";
import type { WorkAdmin } from "../work/admin/work-admin.ts";
import { renderWork } from "./work-command.ts";

const orders: Pick<WorkAdmin, "context" | "counts" | "failedJobs" | "unknownJobs" | "parkedEvents" | "strandedEvents" | "stuckRuns" | "runVersions"> =
  {
    context: "orders",
    counts: async () => ({
      ...{ outboxCount: 0, outboxLagMs: 0, heldCount: 0, parkedCount: 0, stuckCount: 0 },
      jobs: { waiting: 0, running: 0, done: 0, failed: 0, oldestDueMs: 0 },
    }),
    failedJobs: async () => [],
    unknownJobs: async () => [],
    parkedEvents: async () => [],
    strandedEvents: async () => [
      {
        id: "5f1c",
        producer: "payments",
        name: "paymentTaken",
        key: "order\u001b 1",
        waitsFor: "arrival",
        reason: "event 4 of its key has not come",
      },
      { id: "6a2d", producer: "payments", name: "oldEvent", key: null, waitsFor: "handler", reason: "no handler in this version" },
    ],
    stuckRuns: async () => [],
    runVersions: async () => [
      { workflow: "place", version: 9, openCount: 2, hasBody: false, advice: "start the version that has it" },
      { workflow: "place", version: 1, openCount: 0, hasBody: true, advice: "the body of version 1 can be removed" },
    ],
  };

describe("the list of background work", () => {
  it("names versions of workflows that have no body here, and those whose body can be removed", async () => {
    const listed = await renderWork([orders as WorkAdmin]);
    expect(listed).toMatch(/place@9 +2 +missing +start the version that has it/);
    expect(listed).toMatch(/place@1 +0 +here +the body of version 1 can be removed/);
  });

  it("names held events that need a decision, and why", async () => {
    const listed = await renderWork([orders as WorkAdmin]);
    expect(listed).toMatch(
      /held events of orders that need a decision\n +id +event +key +why *\n +5f1c +payments.paymentTaken +order {2}1 +event 4 of its key has not come *\n +6a2d +payments.oldEvent +none +no handler in this version/,
    );
  });
});
