import { existsSync } from "node:fs";
import path from "node:path";
import type { Page } from "./markdown.ts";

const ROW = /^\|\s*(P\d+)\s*\|/;
const TEST_FILE = /[\w./-]+\.test\.ts/g;

/** Promises that appear twice, that have neither a test nor the mark `not yet`, or whose test file does not exist. */
export function promiseFaults(root: string, page: Page | undefined): string[] {
  if (page === undefined) return ["docs/promises.md is not there"];
  const seen = new Set<string>();
  const rows = page.lines.flatMap((line, index) => {
    const [, promise] = ROW.exec(line) ?? [];
    return promise === undefined ? [] : [{ promise, line, at: `${page.path}:${index + 1} ${promise}` }];
  });
  if (rows.length === 0) return [`${page.path} has no row that begins with a promise, as in | P1 |`];
  return rows.flatMap(({ promise, line, at }) => {
    const tests = line.match(TEST_FILE) ?? [];
    const faults = tests
      .filter((file) => !existsSync(path.join(root, file)) && !existsSync(path.join(root, "docs", file)))
      .map((file) => `${at} names ${file}, which is not there`);
    if (tests.length === 0 && !/\bnot yet\b/i.test(line)) faults.push(`${at} names no test file and is not marked "not yet"`);
    if (seen.has(promise)) faults.push(`${at} is there twice`);
    seen.add(promise);
    return faults;
  });
}
