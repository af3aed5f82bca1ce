import type { AppShape, ContextShape } from "./plan.ts";

/** A context that is public and has tables, unless `parts` says otherwise. */
export function contextShape(name: string, parts: Partial<ContextShape> = {}): ContextShape {
  return { name, calls: [], subscribesTo: [], hasPublicProcedures: true, hasTables: true, workersCount: 1, ...parts };
}

/** An app like the shop: orders calls catalog and payments; mail receives events of orders and no context calls it. */
export const SHOP: AppShape = {
  name: "shop",
  contexts: [
    contextShape("catalog"),
    contextShape("payments", { hasPublicProcedures: false }),
    contextShape("orders", { calls: ["catalog", "payments"] }),
    contextShape("mail", { subscribesTo: ["orders"], hasPublicProcedures: false }),
  ],
};
