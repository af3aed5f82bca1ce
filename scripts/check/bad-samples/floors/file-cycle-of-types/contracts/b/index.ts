import type { A } from "#contracts/a";
export type B = A;
