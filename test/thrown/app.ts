import { fileURLToPath } from "node:url";
import { pgSchema, text } from "drizzle-orm/pg-core";
import { type App, defineApp, defineContext, job, outsideEffect, type Principal } from "holon";
import { contract, event, mutation, query, subscription } from "holon/contract";
import { z } from "zod";

/** The behaviour of the app's functions; tests replace it. */
export interface Deeds {
  /** What procedures, rules and routes do. */
  run: (ctx: never) => unknown;
  /** What the subscription does. */
  items: (ctx: { readonly signal: AbortSignal }) => unknown;
  /** What `authenticate` does. */
  who: () => unknown;
}

const Answer = z.object({ n: z.int() });
const Odd = z.object({ n: z.int() }).optional();

const thrower = contract("thrower", {
  procedures: {
    ask: query({ access: "public", output: Answer }),
    tell: mutation({ access: "public", output: Answer }),
    keep: mutation({ access: "public", idempotent: true, output: Answer }),
    charge: mutation({ access: "public", idempotent: true, output: Answer }),
    ruled: query({ access: "public", output: Answer }),
    judged: query({ access: "public", output: Answer }),
    items: subscription({ access: "public", output: Answer }),
    declared: query({ access: "public", output: Answer, errors: { SOLD_OUT: Answer } }),
    take: query({ access: "public", input: Odd, output: Answer }),
    ping: query({ access: "public", output: Answer }),
  },
  events: { happened: event(Answer) },
});
const asker = contract("asker", { procedures: { ask: query({ access: "public", output: Answer }) } });

/** The contracts that tests call. */
export const contracts = { thrower, asker };

const notes = pgSchema("thrower").table("notes", { id: text().primaryKey() });
const throwerContext = defineContext(thrower, { tables: { notes }, jobs: { send: job(Answer) } });
const askerContext = defineContext(asker, { calls: { thrower } });

/** Two contexts whose handlers behave as a test wants. */
export function createThrowingApp(deeds: Deeds): App {
  const run = ({ ctx }: { readonly ctx: unknown }) => deeds.run(ctx as never) as never;
  const throwerModule = throwerContext.implement({
    procedures: throwerContext.procedures({
      ask: run,
      tell: run,
      keep: run,
      charge: outsideEffect(async ({ ctx }) => {
        await deeds.run(ctx as never);
        return ctx.transaction(async () => ({ n: 1 }));
      }),
      ruled: () => ({ n: 1 }),
      judged: () => ({ n: 1 }),
      items: ({ ctx }) => deeds.items(ctx) as AsyncIterable<{ n: number }>,
      declared: run,
      take: () => ({ n: 1 }),
      ping: () => ({ n: 1 }),
    }),
    rules: throwerContext.rules({ ruled: run, judged: { answer: run } }),
    jobs: throwerContext.jobs({ send: () => {} }),
  });
  const askerModule = askerContext.implement({ procedures: askerContext.procedures({ ask: run }) });
  return defineApp({
    name: "throwing",
    contexts: [throwerModule, askerModule],
    migrations: fileURLToPath(new URL("migrations", import.meta.url)),
    authenticate: () => deeds.who() as Principal,
    routes(app) {
      app.get("/own/async", async () => deeds.run(undefined as never));
      app.get("/own/sync", () => {
        throw deeds.run(undefined as never);
      });
    },
  });
}

/**
 * The code with which a call ends whose handler throws this value: the error's own code if it is a readable error of the catalogue, else INTERNAL.
 */
export function codeOf(name: string): string {
  if (name === "UNAVAILABLE" || name === "OVERLOADED") return name;
  return name.startsWith("an error of the toolkit") ? "CONFLICT" : "INTERNAL";
}
