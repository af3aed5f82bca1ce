import { contract, mutation, query, subscription } from "holon/contract";
import { z } from "zod";
import { byRest } from "./by-rest.ts";
import { Caught, Data, Hop, Tag } from "./shapes.ts";

const inTag = { access: "public", input: Tag } as const;
const inWhat = { access: "public", input: z.object({ what: z.string() }), output: z.string() } as const;

/** The calling context of most cases. */
export const alpha = contract("alpha", {
  procedures: byRest("alpha", {
    relay: {
      uncaught: query(inWhat),
      declaring: query({ ...inWhat, errors: { OUT_OF_STOCK: z.object({ available: z.int() }) } }),
      caught: query({ access: "public", input: z.object({ what: z.string() }), output: Caught }),
      safe: query({ access: "public", input: z.object({ what: z.string() }), output: z.string() }),
      internal: query({ ...inTag, output: z.string() }),
      badInput: query({ access: "public", output: Caught }),
      members: query({ ...inTag, output: z.string() }),
      membersAsSystem: query({ ...inTag, output: z.string() }),
      ownRow: query({ access: "public", input: z.object({ owner: z.string() }), output: z.string() }),
      ownRowAsSystem: query({ access: "public", input: z.object({ owner: z.string() }), output: z.string() }),
      concurrent: query({ access: "public", input: z.object({ count: z.int() }), output: z.int() }),
      large: query({ access: "public", input: z.object({ chars: z.int() }), output: z.int() }),
      keyed: mutation({ access: "public", input: z.object({ tag: z.string(), key: z.string() }), output: z.array(z.string()) }),
    },
    sharing: { mutateAfter: query({ ...inTag, output: z.object({ answer: Data, kept: Data }) }) },
    chain: {
      trace: query({ access: "public", output: z.array(Hop) }),
      traceAsSystem: query({ access: "public", output: z.array(Hop) }),
      contexts: query({ access: "public", output: z.record(z.string(), z.array(z.string())) }),
      sleep: query(inTag),
      hang: query(inTag),
      shortHang: query({ ...inTag, output: Caught }),
      generous: query({ access: "public", output: z.boolean() }),
      abort: query({ ...inTag, output: Caught }),
      abortedBefore: query({ ...inTag, output: Caught }),
    },
    feeds: {
      relay: subscription({
        access: "public",
        input: z.object({ tag: z.string(), to: z.int() }),
        output: z.object({ n: z.int() }),
        errors: { OVER: z.object({ at: z.int() }) },
      }),
      endless: subscription({ ...inTag, output: z.int() }),
      firstThree: query({ ...inTag, output: z.array(z.int()) }),
    },
    walls: {
      readOthers: query({ access: "public", output: z.string() }),
      readOthersCaught: query({ access: "public", output: z.object({ code: z.string(), sqlState: z.string() }) }),
      writeOthers: mutation({ access: "public", output: z.object({ code: z.string(), sqlState: z.string() }) }),
      readOutbox: mutation({ access: "public", output: z.object({ code: z.string(), sqlState: z.string() }) }),
    },
  }),
});
