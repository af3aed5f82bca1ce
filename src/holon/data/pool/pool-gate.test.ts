import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { testScope } from "../database.testing.ts";
import { PoolGate } from "./pool-gate.ts";

const LIMITS = { poolCount: 1, poolWaitMs: 60_000, poolWaitingCount: 1 };
const OVERLOADED = { code: "OVERLOADED", executed: "no" };

describe("the gate of a pool", () => {
  it("admits as many scopes as there are connections, and the next one when one leaves", async () => {
    const gate = new PoolGate(LIMITS, systemClock);
    expect(gate.enter(testScope())).toBeUndefined();
    const next = gate.enter(testScope());
    expect([gate.inUse, gate.waiting]).toEqual([1, 1]);
    gate.leave();
    await next;
    expect([gate.inUse, gate.waiting]).toEqual([1, 0]);
    gate.leave();
    expect(gate.inUse).toBe(0);
  });

  it("admits scopes in the order in which they came", async () => {
    const gate = new PoolGate({ ...LIMITS, poolWaitingCount: 3 }, systemClock);
    void gate.enter(testScope());
    const order: string[] = [];
    const all = ["a", "b", "c"].map(async (name) => {
      await gate.enter(testScope());
      order.push(name);
      gate.leave();
    });
    gate.leave();
    await Promise.all(all);
    expect(order).toEqual(["a", "b", "c"]);
  });

  it("refuses a scope if too many wait", () => {
    const gate = new PoolGate(LIMITS, systemClock);
    void gate.enter(testScope());
    void gate.enter(testScope());
    expect(() => gate.enter(testScope())).toThrow(expect.objectContaining(OVERLOADED));
  });

  it("refuses a scope that waited too long", async () => {
    const gate = new PoolGate({ ...LIMITS, poolWaitMs: 1 }, systemClock);
    void gate.enter(testScope());
    await expect(gate.enter(testScope())).rejects.toMatchObject(OVERLOADED);
    expect(gate.waiting).toBe(0);
  });

  it("refuses a scope that is cancelled while it waits", async () => {
    const gate = new PoolGate(LIMITS, systemClock);
    void gate.enter(testScope());
    const scope = testScope();
    const waiting = gate.enter(scope);
    const late = catalogueError("DEADLINE_EXCEEDED", "late");
    scope.cancel(late);
    await expect(waiting).rejects.toBe(late);
    expect(gate.waiting).toBe(0);
  });

  it("refuses all scopes once it is closed", async () => {
    const gate = new PoolGate(LIMITS, systemClock);
    void gate.enter(testScope());
    const waiting = gate.enter(testScope());
    gate.close();
    await expect(waiting).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(() => gate.enter(testScope())).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
  });

  describe("after the process was frozen", () => {
    /** Blocks the only thread, as SIGSTOP does, for longer than calls may wait. */
    const freeze = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_200);
    const open = () => {
      const gate = new PoolGate({ ...LIMITS, poolWaitMs: 100 }, systemClock);
      void gate.enter(testScope());
      return { gate, waiting: gate.enter(testScope()) };
    };

    it("lets scopes that waited meanwhile wait for their whole time again, because no connection could come free", async () => {
      const { gate, waiting } = open();
      freeze();
      setTimeout(() => gate.leave(), 10);
      await waiting;
      expect(gate.inUse).toBe(1);
    });

    it("does so once for each scope", async () => {
      const { waiting } = open();
      const refused = expect(waiting).rejects.toMatchObject(OVERLOADED);
      freeze();
      await sleep(1);
      freeze();
      await refused;
    });
  });
});
