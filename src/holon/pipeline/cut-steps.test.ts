import { describe, expect, it } from "vitest";
import { signal } from "../data/child.testing.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const IDLE_MS = 1_000;
const place = useWorkflows();
const { happened } = orderTables;

/** Blocks the only thread, as SIGSTOP does. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Runs a workflow whose step may be tried once, and freezes its process in the first attempts. */
async function runFrozen(kind: "run" | "call" | "transaction", frozenCount: number, heldWaitMs: number) {
  let tries = 0;
  const options = { retry: { attempts: 1, firstMs: 1, greatestMs: 1 }, timeoutMs: 500 };
  const act = async (): Promise<void> => {
    if (++tries > frozenCount) return;
    freeze(2_000);
    await new Promise(() => {});
  };
  const body: PlaceBody = async ({ step, run }) => {
    if (kind !== "transaction") await (kind === "run" ? step.run("act", act, options) : step.call("act", act, options));
    else
      await step.transaction(
        "act",
        async ({ tx }) => {
          await tx.db.insert(happened).values({ what: "act", run: run.key });
          // The server ends the transaction meanwhile.
          if (++tries <= frozenCount) freeze(2 * IDLE_MS);
        },
        { retry: options.retry },
      );
    return { left: 0 };
  };
  const work = place.start(body, {}, { leaseMs: 60_000, heldWaitMs }, undefined, undefined, { limits: { idleInTransactionMs: IDLE_MS } });
  const id = await place.run("1");
  const row = await Promise.race([place.is(id, "done"), place.is(id, "undone")]);
  await work.work.close();
  return { state: row["state"], reason: row["reason"], tries };
}

const WAYS = [
  { kind: "run", heldWaitMs: 1_000, where: "in its session" },
  { kind: "run", heldWaitMs: -1, where: "in another session" },
  { kind: "call", heldWaitMs: 1_000, where: "in its session" },
  { kind: "transaction", heldWaitMs: 1_000, where: "in its session" },
  { kind: "transaction", heldWaitMs: -1, where: "in another session" },
] as const;

describe("a step that is cut off, because its process was frozen", () => {
  it.each(WAYS)("has no attempt counted, and is tried again $where ($kind)", async ({ kind, heldWaitMs }) => {
    expect(await runFrozen(kind, 1, heldWaitMs)).toMatchObject({ state: "done", tries: 2 });
  });

  it.each(WAYS)("fails in the end, if each attempt is cut off and it is tried again $where ($kind)", async ({ kind, heldWaitMs }) => {
    const reason = expect.stringMatching(kind === "transaction" ? /^UNAVAILABLE/ : /^DEADLINE_EXCEEDED/);
    expect(await runFrozen(kind, Number.POSITIVE_INFINITY, heldWaitMs)).toMatchObject({ state: "undone", reason, tries: 2 });
  });
});

describe("a step whose process is stopped", () => {
  it("has no attempt counted: it is tried again after its first failure", async () => {
    let tries = 0;
    const begun = [signal(), signal()];
    const body: PlaceBody = async ({ step }) => {
      const act = async (): Promise<void> => {
        begun[tries++]?.resolve();
        if (tries <= 2) await new Promise(() => {});
        if (tries === 3) throw new TypeError("not at once");
      };
      await step.run("act", act, { retry: { attempts: 2, firstMs: 1, greatestMs: 1 } });
      return { left: 0 };
    };
    const id = await place.run("1");
    for (const { promise } of begun) {
      const stopping = place.start(body, {}, { graceMs: 0 });
      await promise;
      await stopping.work.close();
    }
    place.start(body);
    await Promise.race([place.is(id, "done"), place.is(id, "undone")]);
    expect([await place.row(id), await place.steps(id), tries]).toMatchObject([{ state: "done" }, [{ attempts: 4 }], 4]);
  });
});
