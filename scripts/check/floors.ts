import path from "node:path";
import { checkBadSamples } from "./floors/bad-samples.ts";
import { checkTree } from "./floors/check-tree.ts";
import { renderViolation } from "./floors/violation.ts";

const root = path.resolve(import.meta.dirname, "../..");
const unseen = checkBadSamples(path.join(import.meta.dirname, "bad-samples/floors"));
const violations = checkTree(root);
for (const text of [...unseen, ...violations.map(renderViolation)]) console.error(text);
console.log(`floors: ${violations.length} violations; ${unseen.length} bad samples passed unseen`);
if (unseen.length + violations.length > 0) process.exitCode = 1;
