import { b } from "../process/b.ts";
import { c } from "../dev/postgres/c.ts";
export const a = b + c;
