import { money } from "./web/money.ts";
export const shown = money;
