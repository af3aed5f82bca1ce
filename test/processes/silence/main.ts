import { runApp } from "holon";
import { createLoopsApp } from "./app.ts";

await runApp(createLoopsApp());
