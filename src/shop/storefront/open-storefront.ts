import { existsSync } from "node:fs";
import path from "node:path";
import { builtFrom, storefrontMark } from "./storefront-sources.ts";

/** The folder of a built storefront, relative to the working folder, like migrations. */
export const STOREFRONT_FOLDER = "dist/web";

/** The options of {@link openStorefront}. */
export interface StorefrontOptions {
  /** The working folder. */
  readonly project: string;
  /** Serves an existing build and builds nothing. */
  readonly isProduction: boolean;
  readonly say: (line: string) => void;
}

/**
 * Finds the storefront, and builds it first if its sources have changed.
 *
 * Shape: its folder; undefined if there is no build and none can be made. The API works without a storefront.
 */
export async function openStorefront({ project, isProduction, say }: StorefrontOptions): Promise<string | undefined> {
  const folder = path.join(project, STOREFRONT_FOLDER);
  const mark = isProduction ? undefined : storefrontMark(project);
  if (mark !== undefined && mark !== builtFrom(folder)) {
    const startedAt = performance.now();
    const { buildStorefront } = await import("./build-storefront.ts");
    const built = await buildStorefront(project, folder, mark);
    const kilobytes = Math.ceil(built.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0) / 1_024);
    say(`the storefront was built in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s: ${kilobytes} KiB compressed`);
  }
  if (existsSync(path.join(folder, "index.html"))) return folder;
  say(`there is no storefront in ${STOREFRONT_FOLDER}: only the API answers`);
  return undefined;
}
