import { high } from "../identity/high.ts";
export const low = high;
