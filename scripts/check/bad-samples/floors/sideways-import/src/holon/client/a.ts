import { b } from "../observe/b.ts";
export const a = b;
