import { fileURLToPath } from "node:url";
import { pgSchema, text } from "drizzle-orm/pg-core";
import { type App, defineApp, defineContext, job, schedule, workflow } from "holon";
import { contract, event, mutation } from "holon/contract";
import { z } from "zod";

const Named = z.object({ id: z.string() });

const sales = contract("sales", {
  procedures: { place: mutation({ access: "public", input: Named }) },
  events: { placed: event(Named, { orderedBy: "id" }) },
});
const mail = contract("mail", { procedures: {} });

const effectsOf = (context: string) => pgSchema(context).table("effects", { id: text().notNull(), what: text().notNull() });
const [salesEffects, mailEffects] = [effectsOf("sales"), effectsOf("mail")];

/** The effects of a placed order, each by another loop of the background work. */
export const EFFECTS = ["mail: event", "mail: job", "sales: placed", "sales: workflow"];

const salesContext = defineContext(sales, { tables: { effects: salesEffects }, workflows: { deliver: workflow({ version: 1, input: Named }) } });
const mailContext = defineContext(mail, {
  tables: { effects: mailEffects },
  subscribesTo: { sales },
  jobs: { send: job(Named), tick: job(Named) },
  schedules: { everySecond: schedule("* * * * * *", "tick", { id: "tick" }) },
});

/** An order that is placed causes an event, a job and a workflow run. Besides, a schedule starts a job each second. */
export function createLoopsApp(): App {
  const salesModule = salesContext.implement({
    procedures: salesContext.procedures({
      place: ({ input, ctx }) =>
        ctx.transaction(async (tx) => {
          await tx.db.insert(salesEffects).values({ ...input, what: "placed" });
          await tx.emit("placed", input);
          await tx.start("deliver", input, { key: input.id });
        }),
    }),
    workflows: salesContext.workflows({
      async deliver({ input: { id }, step }) {
        await step.transaction("delivered", ({ tx }) => tx.db.insert(salesEffects).values({ id, what: "workflow" }));
      },
    }),
  });
  const mailModule = mailContext.implement({
    procedures: mailContext.procedures({}),
    events: mailContext.events({
      sales: {
        async placed({ event: { payload }, tx }) {
          await tx.db.insert(mailEffects).values({ ...payload, what: "event" });
          await tx.enqueue("send", payload);
        },
      },
    }),
    jobs: mailContext.jobs({
      async send({ data, complete }) {
        await complete(async (tx) => {
          await tx.db.insert(mailEffects).values({ id: data.id, what: "job" });
        });
      },
      async tick({ data, complete }) {
        await complete(async (tx) => {
          await tx.db.insert(mailEffects).values({ id: data.id, what: "tick" });
        });
      },
    }),
  });
  return defineApp({
    name: "loops",
    contexts: [salesModule, mailModule],
    migrations: fileURLToPath(new URL("./migrations", import.meta.url)),
    authenticate: ({ authorization }) => (authorization === "Bearer admin" ? { kind: "user", id: "ada", roles: ["admin"] } : undefined),
  });
}
