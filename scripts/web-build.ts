import path from "node:path";
import { buildStorefront } from "../src/shop/storefront/build-storefront.ts";
import { STOREFRONT_FOLDER } from "../src/shop/storefront/open-storefront.ts";
import { storefrontMark } from "../src/shop/storefront/storefront-sources.ts";

/** Builds the storefront, into `dist/web` or the folder that is named, and says what each file weighs. */
const project = path.resolve(import.meta.dirname, "..");
const [folder = path.join(project, STOREFRONT_FOLDER)] = process.argv.slice(2);
const built = await buildStorefront(project, folder, storefrontMark(project) ?? "");
const kilobytes = (bytes: number): string => `${(bytes / 1_024).toFixed(1).padStart(7)} KiB`;
const total = (of: "sizeBytes" | "gzipBytes"): number => built.reduce((sum, file) => sum + file[of], 0);
for (const { name, sizeBytes, gzipBytes } of built) console.log(`${kilobytes(sizeBytes)} ${kilobytes(gzipBytes)} gzip  ${name}`);
console.log(`${kilobytes(total("sizeBytes"))} ${kilobytes(total("gzipBytes"))} gzip  in all`);
