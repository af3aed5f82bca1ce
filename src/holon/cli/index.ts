export { type RunAppOptions, runApp } from "./run-app.ts";
