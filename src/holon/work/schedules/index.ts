export * from "./schedule.ts";
export { assertScheduleFits } from "./schedule-ticker.ts";
