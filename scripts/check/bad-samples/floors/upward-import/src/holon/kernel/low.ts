import { high } from "../mesh/protocol/high.ts";
export const low = high;
