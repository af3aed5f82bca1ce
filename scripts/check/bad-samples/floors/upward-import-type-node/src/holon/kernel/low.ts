export type Low = import("../wire/high.ts").High;
