import type { ContextModule } from "holon";
import { catalog } from "./context.ts";
import { procedures } from "./procedures.ts";
import { rules } from "./rules.ts";

/** The catalog context with its handlers. */
export const catalogModule: ContextModule = catalog.implement({ procedures, rules });
