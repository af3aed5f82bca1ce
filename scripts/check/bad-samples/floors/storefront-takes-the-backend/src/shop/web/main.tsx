import { money } from "../money.ts";
export const shown = money;
