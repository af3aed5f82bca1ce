import type { B } from "#contracts/b";
export type A = B;
