import { HELD_LOCK } from "../app/beta/executed.ts";
import { type Case, topic } from "../case.ts";
import { failure, outcomeOf } from "../outcome.ts";
import type { World } from "../world.ts";

type Executed = "no" | "maybe";
type Acts = Parameters<ReturnType<typeof executed>["act"]>[0];
type What = Acts["before"][number];

const executed = ({ app }: World) => app.asAnonymous().call.beta.executed;

/** Runs work while the lock that it needs is held. */
async function whileLocked(world: World, work: () => Promise<unknown>): Promise<unknown> {
  return world.sql.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(${HELD_LOCK})`;
    return outcomeOf(work);
  });
}

function locked(before: readonly What[], said: Executed): Case {
  return {
    name: `is "${said}" of a call that waited for a lock in vain after ${before.join(" and ") || "nothing"}`,
    run: (world) => whileLocked(world, () => executed(world).act({ tag: world.tag(), before: [...before], end: "lock" })),
    expected: failure("OVERLOADED", { executed: said }),
  };
}

function refused(before: readonly What[], said: Executed): Case {
  return {
    name: `is "${said}" of a call that was refused after ${before.join(" and ") || "nothing"}`,
    run: (world) => outcomeOf(executed(world).act({ tag: world.tag(), before: [...before], end: "refuse" })),
    expected: failure("REFUSED", { executed: said, details: null }),
  };
}

const cases: readonly Case[] = [
  locked([], "no"),
  locked(["read", "rollBack"], "no"),
  locked(["refusedCall", "ask"], "no"),
  locked(["commit"], "maybe"),
  locked(["call"], "maybe"),
  refused(["rollBack", "refusedCall", "ask"], "no"),
  refused(["commit"], "maybe"),
  refused(["call"], "maybe"),
  refused(["callAlongside"], "maybe"),
  {
    name: 'is "no" of a call whose one transaction is rolled back',
    run: (world) => whileLocked(world, () => executed(world).actOnce({ tag: world.tag(), before: [], end: "lock" }, { key: world.tag() })),
    expected: failure("OVERLOADED", { executed: "no" }),
  },
  {
    name: 'is "maybe" of an effect outside that could not be written down',
    run: (world) => whileLocked(world, () => executed(world).charge({ tag: world.tag(), before: [], end: "lock" }, { key: world.tag() })),
    expected: failure("OVERLOADED", { executed: "maybe" }),
  },
  {
    name: 'is "no" of an effect outside that its handler refused',
    run: (world) => outcomeOf(executed(world).charge({ tag: world.tag(), before: [], end: "refuse" }, { key: world.tag() })),
    expected: failure("REFUSED", { executed: "no", details: null }),
  },
];

/** Cases about the flag that shows a caller whether a retry is safe. */
export const EXECUTED = [topic("`executed`", cases)];
