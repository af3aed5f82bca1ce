import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { byRest } from "./by-rest.ts";
import { Hop, Tag } from "./shapes.ts";

const inTag = { access: "public", input: Tag } as const;

/** Gamma is called by beta. It has tables of its own, to prove that idempotency keys belong to one context. */
export const gamma = contract("gamma", {
  procedures: byRest("gamma", {
    chain: { trace: query({ access: "public", output: z.array(Hop) }), sleep: query(inTag), hang: query(inTag) },
    ledger: {
      book: mutation({ access: "internal", idempotent: true, input: z.object({ tag: z.string(), amount: z.int() }), output: z.int() }),
      booked: query({ ...inTag, output: z.array(z.int()) }),
    },
  }),
});
