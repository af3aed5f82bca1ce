import { describe, expect, it } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import { silentLogger } from "../kernel/log.ts";
import { LeftWork } from "./left-work.ts";
import type { QueuedJob } from "./queue/queue-backend.ts";
import { UnknownMessages } from "./unknown-messages.ts";

describe("a message that this version does not understand", () => {
  it("is put back unchanged, later each time, and dropped after twenty times", async () => {
    const added: (QueuedJob & { queue: string })[] = [];
    const counts: unknown[] = [];
    const left = new LeftWork({ context: "orders", clock: systemClock, log: silentLogger, count: (...count) => counts.push(count) });
    const backend = { add: async (queue: string, jobs: readonly QueuedJob[]) => void added.push(...jobs.map((job) => ({ ...job, queue }))) };
    let ids = 0;
    const unknown = new UnknownMessages({ backend, left, newId: () => `id${ids++}` });
    const data = { kind: "of tomorrow" };
    await unknown.leave("ack.orders", { id: "a-1", name: "tomorrow", data });
    for (let taken = 0; taken < added.length; taken++) {
      const { id, name, data: again } = added[taken] as QueuedJob;
      await unknown.leave("ack.orders", { id, name, data: again });
    }
    expect(added).toHaveLength(20);
    expect(added.map(({ delayMs = 0 }) => delayMs)).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000].flatMap((ms) => [0, ms]));
    expect(new Set(added.map(({ id }) => id)).size).toBe(20);
    expect(added.every((job) => job.data === data && job.name === "tomorrow" && job.queue === "ack.orders")).toBe(true);
    expect(counts).toEqual(Array.from({ length: 21 }, () => ["message", "orders", "ack.orders tomorrow", 1]));
  });
});
