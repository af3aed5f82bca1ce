import { b } from "../../src/shop/b.ts";
export const a = b;
