import { z } from "zod";

/** Identifies the case that a call belongs to, see {@link import("../../probe.ts").Probe}. */
export const Tag = z.object({ tag: z.string() });

/** A principal, as handlers see it. */
export const Who = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("anonymous") }),
  z.object({ kind: z.literal("user"), id: z.string(), roles: z.array(z.string()) }),
  z.object({ kind: z.literal("system"), context: z.string(), task: z.string() }),
]);

/** The facts of a call that one context of a chain sees. */
export const Hop = z.object({
  context: z.string(),
  principal: Who,
  initiator: Who,
  user: z.string().nullable(),
  traceId: z.string(),
  remainingMs: z.number(),
});

/** The facts of a caught error that a caller sees. */
export const Caught = z.object({
  isHolonError: z.boolean(),
  code: z.string(),
  message: z.string(),
  details: z.json().optional(),
  executed: z.string(),
  status: z.int(),
  hasCause: z.boolean(),
  stackOfCallee: z.boolean(),
});

/** Data with nested objects of each kind. */
export const Data = z.object({
  text: z.string(),
  list: z.array(z.object({ n: z.int() })),
  record: z.record(z.string(), z.object({ n: z.int() })),
  tuple: z.tuple([z.object({ n: z.int() })]),
  union: z.union([z.object({ n: z.int() }), z.string()]),
  json: z.json(),
  optional: z.object({ n: z.int() }).optional(),
});
