import { b } from "holon";
export const a = b;
