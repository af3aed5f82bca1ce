import { runApp } from "holon";
import { createChoresApp } from "./chores/app.ts";
import { hearHarness } from "./crash-points.ts";
import { createDeliveryApp } from "./delivery/app.ts";
import { createSagasApp } from "./sagas/app.ts";

// The harness bundles this file, and starts it beside its migrations.
const { FAULT_APP } = process.env;
hearHarness();
const APPS = { chores: createChoresApp, delivery: createDeliveryApp, sagas: createSagasApp };
await runApp(APPS[FAULT_APP as keyof typeof APPS]("migrations"));
