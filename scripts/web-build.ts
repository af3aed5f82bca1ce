import path from "node:path";
import { refuseWords, runScript } from "../src/holon/cli/command-line.ts";
import { buildStorefront } from "../src/shop/storefront/build-storefront.ts";
import { STOREFRONT_FOLDER } from "../src/shop/storefront/open-storefront.ts";
import { storefrontMark } from "../src/shop/storefront/storefront-sources.ts";

const USAGE = `Builds the storefront, and prints the size of each file.

  npm run web:build -- [folder]

  folder      where the storefront is built (${STOREFRONT_FOLDER})
  -h, --help  prints this text
`;

const project = path.resolve(import.meta.dirname, "..");

/** Builds the storefront into a folder, and prints the size of each file. */
async function build(folder: string): Promise<number> {
  const built = await buildStorefront(project, folder, storefrontMark(project) ?? "");
  const kilobytes = (bytes: number): string => `${(bytes / 1_024).toFixed(1).padStart(7)} KiB`;
  const total = (of: "sizeBytes" | "gzipBytes"): number => built.reduce((sum, file) => sum + file[of], 0);
  for (const { name, sizeBytes, gzipBytes } of built) console.log(`${kilobytes(sizeBytes)} ${kilobytes(gzipBytes)} gzip  ${name}`);
  console.log(`${kilobytes(total("sizeBytes"))} ${kilobytes(total("gzipBytes"))} gzip  in all`);
  return 0;
}

await runScript({
  usage: USAGE,
  options: {},
  run({ positionals: [folder = path.join(project, STOREFRONT_FOLDER), ...others] }) {
    refuseWords(others);
    return build(folder);
  },
});
