import type { B } from "../../shop/b.ts";
export type A = B;
