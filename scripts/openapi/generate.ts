import { writeFileSync } from "node:fs";
import path from "node:path";
import { refuseWords, runScript } from "../../src/holon/cli/command-line.ts";
import { writtenFiles } from "./written-files.ts";

const USAGE = `Writes docs/openapi.json, the document of the shop, and from it test/openapi/shop-api.d.ts.

  npm run openapi:generate

  -h, --help  prints this text
`;

const root = path.resolve(import.meta.dirname, "../..");
await runScript({
  usage: USAGE,
  options: {},
  async run({ positionals }) {
    refuseWords(positionals);
    for (const [file, text] of await writtenFiles(root)) {
      writeFileSync(path.join(root, file), text);
      console.log(`wrote ${file}`);
    }
    return 0;
  },
});
