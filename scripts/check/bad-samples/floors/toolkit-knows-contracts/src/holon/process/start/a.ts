import { b } from "#contracts/b";
export const a = b;
