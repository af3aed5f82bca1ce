export * from "../wire/high.ts";
