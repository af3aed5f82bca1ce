export type Low = import("../mesh/protocol/high.ts").High;
