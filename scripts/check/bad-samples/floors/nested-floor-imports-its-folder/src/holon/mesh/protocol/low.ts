import { high } from "../high.ts";
export const low = high;
