import type { ContextModule } from "holon";
import { orders } from "./context.ts";
import { createProcedures, type OrdersParts } from "./procedures.ts";
import { rules } from "./rules.ts";

export type { OrdersParts } from "./procedures.ts";

/** The orders context with its handlers. */
export const createOrdersModule = (parts: OrdersParts): ContextModule => orders.implement({ procedures: createProcedures(parts), rules });
