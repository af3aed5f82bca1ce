import { writeFileSync } from "node:fs";
import path from "node:path";
import { writtenFiles } from "./written-files.ts";

const root = path.resolve(import.meta.dirname, "../..");
for (const [file, text] of await writtenFiles(root)) {
  writeFileSync(path.join(root, file), text);
  console.log(`wrote ${file}`);
}
