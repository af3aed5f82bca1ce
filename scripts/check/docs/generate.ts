import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { refuseWords, runScript } from "../../../src/holon/cli/command-line.ts";
import { readApi } from "../api/read-api.ts";
import { referencePages } from "../api/reference.ts";
import { generatedPages } from "./generated-pages.ts";

const USAGE = `Writes the pages of docs/ that are made from the sources: docs/errors.md, docs/limits.md, docs/environment.md and docs/reference.

  npm run docs:generate

  -h, --help  prints this text
`;

const root = path.resolve(import.meta.dirname, "../../..");
await runScript({
  usage: USAGE,
  options: {},
  run({ positionals }) {
    refuseWords(positionals);
    for (const [page, text] of [...generatedPages(root), ...referencePages(readApi(root))]) {
      mkdirSync(path.dirname(path.join(root, page)), { recursive: true });
      writeFileSync(path.join(root, page), text);
      console.log(`wrote ${page}`);
    }
    return 0;
  },
});
