import { holon } from "./holon.ts";
import { runProcess } from "./process.ts";
import { raw } from "./raw.ts";

await runProcess({ raw, holon }, process.argv.slice(2));
