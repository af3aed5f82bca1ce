import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Signal, signal, until } from "../../data/child.testing.ts";
import { silentLogger } from "../../kernel/log.ts";
import { IsolatedRunner } from "./isolated-runner.ts";
import { job } from "./job.ts";
import type { JobClaim } from "./job-claim.ts";
import type { JobTable } from "./job-table.ts";
import type { AloneRequest } from "./run-alone.ts";

/** A request to claim a job, which the test answers. */
interface Asked {
  readonly id: string;
  readonly answer: Signal;
}

type Deps = ConstructorParameters<typeof IsolatedRunner>[0];

let asked: Asked[] = [];
let isolated: IsolatedRunner;

beforeEach(() => {
  asked = [];
  const table = {
    async claim(id: string) {
      const answer = signal();
      asked.push({ id, answer });
      await answer.promise;
      if (id === "bad") throw new TypeError("no database");
      // Another process has the job by now.
      return undefined;
    },
  } as unknown as JobTable;
  isolated = new IsolatedRunner({ table, log: silentLogger } as unknown as Deps);
});
afterEach(() => isolated.close());

const ids = () => asked.map(({ id }) => id);
const answered = async (count: number): Promise<void> => {
  await until(() => asked.length === count);
  asked[count - 1]?.answer.resolve();
};

describe("the runner of jobs that run alone", () => {
  it("runs one after the other, each once however often it is added, and goes on after one that failed", async () => {
    for (const id of ["bad", "a", "bad", "b", "a"]) isolated.add(id);
    await answered(1);
    await answered(2);
    await answered(3);
    await isolated.close();
    expect(ids()).toEqual(["bad", "a", "b"]);
  });

  it("gives a child more time than a lease to write the end of its job: while the database is away the lease ends first, and no death is counted", async () => {
    const requests: AloneRequest[] = [];
    const claim = { id: "a", name: "send", attempt: 3 } as JobClaim;
    const parts: Partial<Deps> = {
      context: "orders",
      jobs: { send: job(z.object({}), { timeoutMs: 100 }) },
      table: { claim: async () => claim } as unknown as JobTable,
      leases: { hold: () => ({ release: () => {} }) } as unknown as Deps["leases"],
      leaseMs: 15_000,
      log: silentLogger,
      runAlone: async (request) => {
        requests.push(request);
        return { kind: "ended" };
      },
    };
    isolated = new IsolatedRunner(parts as Deps);
    isolated.add("a");
    await until(() => requests.length === 1);
    expect(requests[0]?.timeoutMs).toBeGreaterThan(100 + 15_000);
  });

  it("claims no waiting job after it is closed", async () => {
    for (const id of ["a", "b"]) isolated.add(id);
    await until(() => asked.length === 1);
    const closed = isolated.close();
    isolated.add("c");
    await answered(1);
    await closed;
    expect(ids()).toEqual(["a"]);
  });
});
