export * from "../mesh/protocol/high.ts";
