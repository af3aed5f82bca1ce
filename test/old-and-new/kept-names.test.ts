import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { oldVersion } from "./harness/old-version.ts";

/**
 * Names that are stored or sent, as sources write them, each with an example that its pattern finds. What the old version stores and sends under a
 * name, this version must find under the same name. Other tests do not notice a changed name, because each version agrees with itself.
 */
const KEPT = [
  ["tables, constraints, channels, metrics, headers and the protocol", /\bholon[_-][\w/-]*\w/g, "holon_appended_"],
  ["codes of errors", /^ {2}[A-Z_]{4,}: row\(/gm, "  KEY_REUSED: row("],
  ["environment variables", /"(?:HOLON_[A-Z_]+|[A-Z]+_URL|LOG_LEVEL|PORT)"/g, '"HOLON_CONTEXTS"'],
  ["numbers of frames", /\b[A-Z]{3,}: \d{1,2},/g, "GOAWAY: 10,"],
  ["queues", /`(?:jobs|events|ack)\.\$\{/g, "`ack.${"],
  ["the schema of queues", /\}_queue\b/g, "}_queue"],
  ["texts of advisory locks", /"holon [a-z]+"/g, '"holon inbox"'],
  ["numbers of advisory locks", /"\d{19}"/g, '"5143811270266217805"'],
] as const;

const NEW = fileURLToPath(new URL("../..", import.meta.url));

describe("this version has the names of the old one:", { timeout: 600_000 }, () => {
  let sources: readonly [before: string, now: string];

  beforeAll(async () => {
    sources = [sourcesOf(await oldVersion()), sourcesOf(NEW)];
  }, 600_000);

  it.each(KEPT)("%s", (_, pattern, example) => {
    const [before, now] = sources.map((text) => new Set(text.match(pattern)));
    expect([...(before as Set<string>)]).toContain(example);
    expect([...(before as Set<string>)].filter((name) => !now?.has(name))).toEqual([]);
  });
});

/** The production sources of a version's toolkit, without comments. */
function sourcesOf(root: string): string {
  const folder = path.join(root, "src/holon");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(isOfProduction);
  const lines = files.flatMap((name) => readFileSync(path.join(folder, name), "utf8").split("\n"));
  return lines.filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line)).join("\n");
}

function isOfProduction(file: string): boolean {
  return file.endsWith(".ts") && !/^(dev|testing)\/|\.(test|testing)\.ts$/.test(file);
}
