import { register } from "node:module";
import path from "node:path";
import { runCommand } from "../check/command.ts";

const NOTE = "// Written by `npm run openapi:generate` from docs/openapi.json; `npm run check` compares.";

/** The shop's OpenAPI document, and the types that openapi-typescript generates from it, by path. */
export async function writtenFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const document = shopDocument(root);
  return new Map([
    ["docs/openapi.json", document],
    ["test/openapi/shop-api.d.ts", `${NOTE}\n\n${await typesOf(document)}`],
  ]);
}

/** The document as the shop's own command prints it. */
function shopDocument(root: string): string {
  const main = path.join(root, "src/shop/main.ts");
  const { ok, stdout, output } = runCommand(process.execPath, ["--conditions=source", "--import", "tsx", main, "openapi"], { cwd: root });
  if (!ok) throw new TypeError(`the shop cannot print its document:\n${output}`);
  return stdout;
}

async function typesOf(document: string): Promise<string> {
  register("./typescript-six.mjs", import.meta.url);
  const { default: openapiTypescript, astToString } = await import("openapi-typescript");
  return astToString(await openapiTypescript(document, { alphabetize: false, silent: true }));
}
