import { defineContext } from "holon";
export const a = defineContext;
