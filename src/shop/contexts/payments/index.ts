import type { ContextModule } from "holon";
import { payments } from "./context.ts";
import { createJobs } from "./jobs.ts";
import { createProcedures, type PaymentsParts } from "./procedures.ts";
import { rules } from "./rules.ts";

export type { PaymentsParts } from "./procedures.ts";

/** The payments context with its handlers. */
export const createPaymentsModule = (parts: PaymentsParts): ContextModule =>
  payments.implement({ procedures: createProcedures(parts), jobs: createJobs(parts), rules });
