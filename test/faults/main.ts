import { runApp } from "holon";
import { createChoresApp } from "./chores/app.ts";
import { hearHarness } from "./crash-points.ts";
import { createDeliveryApp } from "./delivery/app.ts";

// Made into one file by the harness, which says where the migrations are.
const { FAULT_APP, FAULT_MIGRATIONS = "" } = process.env;
hearHarness();
await runApp(FAULT_APP === "chores" ? createChoresApp(FAULT_MIGRATIONS) : createDeliveryApp(FAULT_MIGRATIONS));
