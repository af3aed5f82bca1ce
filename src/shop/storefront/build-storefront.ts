import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { builtFrom, MARK_FILE } from "./storefront-sources.ts";
import { buildConfig } from "./vite-config.ts";

/** A file of a build, with its size as a browser downloads it; bytes. */
export interface BuiltFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly gzipBytes: number;
}

/** Files that get smaller when they are compressed. */
const TEXT = /\.(js|css|svg|html)$/;

/**
 * Builds the storefront of a project into `folder`, and compresses its files.
 *
 * `mark` is written beside the build and identifies the sources from which it was made. The folder is replaced in one step, so that a process that serves it
 * has either the old files or the new ones.
 */
export async function buildStorefront(project: string, folder: string, mark: string): Promise<readonly BuiltFile[]> {
  // Imported here, because the shop's bundle contains this file but not Vite.
  const { build } = await import("vite");
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  const config = buildConfig(project);
  await build({ ...config, build: { ...config.build, outDir: path.resolve(fresh), emptyOutDir: true } });
  const built = compressAll(fresh);
  writeFileSync(path.join(fresh, MARK_FILE), mark);
  // Another process that started at the same moment may have finished the same build by now.
  if (builtFrom(folder) === mark) rmSync(fresh, { recursive: true, force: true });
  else replace(folder, fresh);
  return built;
}

function compressAll(folder: string): readonly BuiltFile[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => TEXT.test(name));
  return names.sort().map((name) => {
    const file = path.join(folder, name);
    const content = readFileSync(file);
    const gzip = gzipSync(content, { level: 9 });
    writeFileSync(`${file}.gz`, gzip);
    writeFileSync(`${file}.br`, brotliCompressSync(content));
    return { name, sizeBytes: content.byteLength, gzipBytes: gzip.byteLength };
  });
}

function replace(folder: string, fresh: string): void {
  const old = `${fresh}.old`;
  mkdirSync(folder, { recursive: true });
  renameSync(folder, old);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another process has finished the same build a moment earlier: its build is used.
    if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
    rmSync(fresh, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
}
