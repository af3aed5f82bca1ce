import { b } from "../catalog/b.ts";
export const a = b;
