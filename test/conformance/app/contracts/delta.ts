import { contract, query } from "holon/contract";
import { z } from "zod";
import { byRest } from "./by-rest.ts";
import { Hop, Tag } from "./shapes.ts";

const inTag = { access: "public", input: Tag } as const;

/** The last context of the chain. */
export const delta = contract("delta", {
  procedures: byRest("delta", {
    chain: { trace: query({ access: "public", output: z.array(Hop) }), sleep: query(inTag), sleepInTransaction: query(inTag), hang: query(inTag) },
  }),
});
