import type { High } from "../mesh/protocol/high.ts";
export type Low = High;
