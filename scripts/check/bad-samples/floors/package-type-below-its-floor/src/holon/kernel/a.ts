import type { ZodType } from "zod";
export type A = ZodType;
