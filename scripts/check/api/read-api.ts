import { readFileSync } from "node:fs";
import path from "node:path";
import { ENTRANCES } from "../floors/house.ts";
import { emitDeclarations } from "./declarations.ts";
import { readEntrance } from "./entrance.ts";
import type { Api } from "./report.ts";

/** Reads the four entrances, and emits the declarations behind them. */
export function readApi(root: string): Api {
  return {
    entrances: Object.entries(ENTRANCES).map(([specifier, file]) => readEntrance(specifier, file, readFileSync(path.join(root, file), "utf8"))),
    declarations: emitDeclarations(root),
  };
}
