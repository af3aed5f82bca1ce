import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { writtenFiles } from "../openapi/written-files.ts";

const root = path.resolve(import.meta.dirname, "../..");
const files = await writtenFiles(root);
const isStale = (file: string, text: string): boolean => !existsSync(path.join(root, file)) || readFileSync(path.join(root, file), "utf8") !== text;
const stale = [...files].filter(([file, text]) => isStale(file, text)).map(([file]) => file);

// Tests the comparison itself: it must find a difference in a changed text.
const [[first = "", text = ""] = []] = files;
if (!isStale(first, `${text} `)) stale.push("a changed text, which passes");

for (const file of stale) console.error(`${file} is not what the contracts say: npm run openapi:generate`);
console.log(`openapi: ${files.size} files, ${stale.length} stale`);
if (stale.length > 0) process.exitCode = 1;
