import { defineApp, runApp } from "holon";
import { ordersModule } from "./orders.ts";
import { stockModule } from "./stock.ts";

await runApp(
  defineApp({
    name: "rolling",
    contexts: [ordersModule, stockModule],
    allowedCycles: [{ contexts: ["orders", "stock"], reason: "Both ways over the mesh are tested." }],
  }),
);
