import { z } from "zod";
import { event } from "../../contract/index.ts";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import { createNotifyHub } from "../../data/notify/notify-hub.ts";
import { systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { silentLogger } from "../../kernel/log.ts";
import { ANONYMOUS } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { Timers } from "../../kernel/timers.ts";
import { ContextWatch } from "./context-watch.ts";
import type { WatchLimits } from "./watch-limits.ts";
import type { Watcher } from "./watcher.ts";

/** The events that the context of these tests emits. */
const orderEvents = {
  orderPlaced: event(z.object({ orderId: z.string(), n: z.int(), note: z.string().default("none") }), { orderedBy: "orderId" }),
  orderNoted: event(z.object({ n: z.int() })),
};

/** A process that hosts the context `orders`. */
export interface WatchingProcess {
  readonly data: ContextData<Tables>;
  readonly watch: ContextWatch;
  /** Opens a watcher in a scope of its own. */
  open(request: Parameters<ContextWatch["open"]>[1], scope?: Scope): Promise<Watcher>;
  place(orderId: string, n: number): Promise<void>;
  note(n: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens the context's data as a process does, without a publisher and without queues. */
export function openWatchingProcess(url: string, role: string | undefined, limits: Partial<WatchLimits> = {}): WatchingProcess {
  const timers = new Timers(() => systemClock.monotonicMs());
  const hub = createNotifyHub({ clock: systemClock, log: silentLogger });
  const common = { clock: systemClock, log: silentLogger };
  const data = createContextData({ context: "orders", url, role, tables: {}, limits: DEFAULT_LIMITS, hub, ...common }) as ContextData<Tables>;
  // The poll is so rare that a test which needs it would not end.
  const watch = new ContextWatch({ data, events: orderEvents, timers, limits: { pollMs: 3_600_000, ...limits }, ...common });
  const scopes: Scope[] = [];
  const emit = (name: string, payload: object, key?: string): Promise<void> =>
    data.transaction(newScope(), (tx) => tx.appendEvent({ name, payload, key }));
  return {
    data,
    watch,
    open(request, scope = newScope()) {
      scopes.push(scope);
      return watch.open(scope, request);
    },
    place: (orderId, n) => emit("orderPlaced", { orderId, n }, orderId),
    note: (n) => emit("orderNoted", { n }),
    async close() {
      for (const scope of scopes) scope.cancel(catalogueError("CANCELLED", "The test is over."));
      await data.close();
      await hub.close();
      timers.close();
    },
  };
}

/** A scope that only the test cancels. */
export function newScope(): Scope {
  return Scope.root({ principal: ANONYMOUS, caller: "test", deadlineAtMs: systemClock.monotonicMs() + 60_000 });
}
