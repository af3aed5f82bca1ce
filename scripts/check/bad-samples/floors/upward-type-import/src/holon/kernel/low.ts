import type { High } from "../wire/high.ts";
export type Low = High;
