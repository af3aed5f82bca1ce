import { type ContextModule, defineContext } from "holon";
import { contract, mutation, query } from "holon/contract";
import { z } from "zod";

const takes = <Input extends z.ZodType>(input: Input, name: string) =>
  mutation({ access: "public", input, output: z.object({ taken: z.literal(true) }), rest: `POST /probe/${name}` });

/** A union whose members differ only deep inside: a bad item has errors in each of them. */
const Shape = z.union([
  z.object({ kind: z.string(), circle: z.object({ radius: z.number(), colour: z.string() }) }),
  z.object({ kind: z.string(), square: z.object({ side: z.number(), colour: z.string() }) }),
  z.object({ kind: z.string(), line: z.object({ from: z.number(), to: z.number(), colour: z.string() }) }),
]);

/** Kinds of inputs that the shop does not have. */
export const probe = contract("probe", {
  procedures: {
    strict: takes(z.strictObject({ name: z.string(), amount: z.int().min(1) }), "strict"),
    json: takes(z.object({ value: z.json() }), "json"),
    numbers: takes(z.object({ whole: z.int().optional(), any: z.number().optional(), day: z.iso.date().optional() }), "numbers"),
    shapes: takes(z.object({ shapes: z.array(Shape) }), "shapes"),
    who: query({ access: "public", output: z.object({ principal: z.string() }), rest: "GET /probe/who" }),
  },
});

const context = defineContext(probe);
const take = (): { taken: true } => ({ taken: true });

/** The context that implements {@link probe}. */
export const probeModule: ContextModule = context.implement({
  procedures: context.procedures({
    ...{ strict: take, json: take, numbers: take, shapes: take },
    who: ({ ctx }) => ({ principal: JSON.stringify(ctx.principal) }),
  }),
});
