import { exit } from "node:process";
export const a = exit;
