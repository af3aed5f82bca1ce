import { b } from "../../dev/apart/b.ts";
export const a = b;
