import { values } from "../../values/context.ts";
import { alpha } from "./alpha.ts";
import { beta } from "./beta.ts";
import { delta } from "./delta.ts";
import { gamma } from "./gamma.ts";

/** All contracts of the app, by name. */
export const contracts = { alpha, beta, gamma, delta, values };

export { alpha, beta, delta, gamma, values };
