import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "./markdown.ts";

/** The folders whose programs print what the page quotes. */
const FOLDERS = ["src", "test", "scripts"];

/** Shorter pieces are not looked for, because they would be found by chance. */
const LEAST_LENGTH = 8;

/** Texts between backquotes in the first column of the page's tables that no source prints any more. `<...>` in a text stands for a varying part. */
export function symptomFaults(root: string, page: Page | undefined): string[] {
  if (page === undefined) return ["docs/troubleshooting.md is not there"];
  const sources = FOLDERS.flatMap((folder) => textsBelow(path.join(root, folder))).join("\n");
  return page.lines.flatMap((line, index) => {
    const [, symptom = ""] = /^\|([^|]*)\|/.exec(line) ?? [];
    return [...symptom.matchAll(/`([^`]+)`/g)]
      .filter(([, text = ""]) => text.split(/<[^<>]*>/).some((piece) => piece.length >= LEAST_LENGTH && !sources.includes(piece)))
      .map(([, text]) => `${page.path}:${index + 1} quotes a text that no source has: ${text}`);
  });
}

function textsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.includes("bad-samples"))
    .map((file) => readFileSync(path.join(folder, file), "utf8"));
}
