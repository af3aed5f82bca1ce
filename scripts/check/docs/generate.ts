import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { generatedPages } from "./generated-pages.ts";

const root = path.resolve(import.meta.dirname, "../../..");
for (const [page, text] of generatedPages(root)) {
  mkdirSync(path.dirname(path.join(root, page)), { recursive: true });
  writeFileSync(path.join(root, page), text);
  console.log(`wrote ${page}`);
}
