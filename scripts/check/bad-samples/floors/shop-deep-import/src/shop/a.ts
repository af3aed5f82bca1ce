import { b } from "holon/kernel/b.ts";
export const a = b;
