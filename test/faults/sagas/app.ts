import { setTimeout as sleep } from "node:timers/promises";
import { and, eq } from "drizzle-orm";
import { pgSchema, text } from "drizzle-orm/pg-core";
import { type App, defineApp, defineContext, workflow } from "holon";
import { contract, mutation } from "holon/contract";
import { z } from "zod";

const Ending = z.enum(["good", "declined", "broken"]);
const Effect = z.object({ trip: z.string(), what: z.string() });
const Trip = z.object({ trip: z.string(), ending: Ending });

/** How a run must end: done, undone, or stuck because its undo fails. */
export type Ending = z.output<typeof Ending>;

/** The effects of a run that succeeds, here and in the context that it calls. Their tables have no unique key, so a duplicate effect shows. */
export const EFFECTS = { trips: ["finished", "noted"], rooms: ["paid", "reserved"] } as const;

const effectsOf = (context: string) => pgSchema(context).table("effects", { trip: text().notNull(), what: text().notNull() });
const [tripEffects, roomEffects] = [effectsOf("trips"), effectsOf("rooms")];

const roomsContract = contract("rooms", {
  procedures: {
    take: mutation({ access: "internal", idempotent: true, input: Effect }),
    giveBack: mutation({ access: "internal", idempotent: true, input: Effect }),
  },
});
const tripsContract = contract("trips", { procedures: { book: mutation({ access: "public", idempotent: true, input: Trip }) } });

/** The work of a step. It takes long enough that a process can be killed meanwhile. */
const work = (): Promise<void> => sleep(300);

const rooms = defineContext(roomsContract, { tables: { roomEffects } });
const roomsModule = rooms.implement({
  procedures: rooms.procedures({
    async take({ input, tx }) {
      await tx.db.insert(roomEffects).values(input);
      await work();
    },
    async giveBack({ input: { trip, what }, tx }) {
      await tx.db.delete(roomEffects).where(and(eq(roomEffects.trip, trip), eq(roomEffects.what, what)));
      await work();
    },
  }),
});

/** Retries outlast every outage of the test, so no run fails because of one. */
const WAITING = { retry: { attempts: 100, greatestMs: 1_000 } };

const trips = defineContext(tripsContract, {
  tables: { tripEffects },
  calls: { rooms: roomsContract },
  workflows: { book: workflow({ version: 1, input: Trip }) },
});
const tripsModule = trips.implement({
  procedures: trips.procedures({
    async book({ input, tx }) {
      await tx.start("book", input, { key: input.trip });
    },
  }),
  workflows: trips.workflows({
    async book({ input: { trip, ending }, step }) {
      const take = (what: string) =>
        step.call(what, ({ call }) => call.rooms.take({ trip, what }), { ...WAITING, undo: ({ call }) => call.rooms.giveBack({ trip, what }) });
      await take("reserved");
      await step.transaction("noted", ({ tx }) => tx.db.insert(tripEffects).values({ trip, what: "noted" }), {
        ...WAITING,
        async undo({ tx }) {
          if (ending === "broken") throw new RangeError("it cannot be undone");
          await tx.db.delete(tripEffects).where(and(eq(tripEffects.trip, trip), eq(tripEffects.what, "noted")));
          await work();
        },
      });
      await take("paid");
      await step.transaction(
        "finished",
        async ({ tx, ctx }) => {
          if (ending !== "good") throw ctx.fail("CONFLICT", "It is declined.");
          await tx.db.insert(tripEffects).values({ trip, what: "finished" });
          await work();
        },
        WAITING,
      );
    },
  }),
});

/** The app of the saga tests: runs of one context call another context. */
export function createSagasApp(migrations: string): App {
  return defineApp({ name: "sagas", contexts: [tripsModule, roomsModule], migrations });
}
