import { high } from "../wire/high.ts";
export const low = high;
