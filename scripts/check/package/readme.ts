import { readFileSync } from "node:fs";
import path from "node:path";
import { incompatibilitiesOf } from "../../../src/holon/data/migrate/compatibility.ts";
import { freePorts } from "../../../src/holon/dev/postgres/free-ports.ts";
import { EnvironmentReader } from "../../../src/holon/process/plan/environment-reader.ts";
import { refuseUnknownVariables, VARIABLES } from "../../../src/holon/process/plan/variables.ts";
import { readShopSettings } from "../../../src/shop/environment.ts";
import { SHOP_SHAPE } from "../deploy/compose.ts";
import { projectPages } from "../docs/check-docs.ts";
import { type Page, parsePage } from "../docs/markdown.ts";
import { commandFaults, installFaults, shellLines, UNASKED } from "./commands.ts";
import { compileFaults, uncheckedBlocks, writeExamples } from "./examples.ts";
import { firstAppFaults, testFaults } from "./first-app.ts";

/** The pages that readers follow. Decisions and the changelog are left out: they describe the past. */
const GUIDE = /^(README|docs\/[^/]+|deploy\/README)\.md$/;
const SAMPLES = "scripts/check/bad-samples/package/";

/** Programs whose blocks this check does not run, each with the reason. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ["curl", "needs the shop: test/openapi/shop-client.test.ts runs these blocks"],
  ["docker", "needs an engine: the gate deploy reads the compose file and the Dockerfile"],
]);

/** The result of the check of README and guides. */
export interface ReadmeReport {
  readonly faults: readonly string[];
  readonly blocks: number;
  /** Blocks that were not run or judged, each with the reason. */
  readonly notes: readonly string[];
}

/**
 * Follows README and guides in a project that has the packed package: compiles the TypeScript blocks with the README's `tsconfig.json`, builds,
 * starts and calls the README's app, runs the tests, and judges commands, variables, JSON and SQL. The bad samples are checked in the same way, and
 * each of their faults must be found.
 */
export async function checkReadme(root: string, project: string): Promise<ReadmeReport> {
  const read = (files: readonly string[]): Page[] => files.map((file) => parsePage(file, readFileSync(path.join(root, file), "utf8")));
  const pages = read(projectPages(root).filter((file) => GUIDE.test(file)));
  const all = [...pages, ...read([`${SAMPLES}README.md`])];
  const ports = await freePorts(3);
  const places = { root, project };
  const missing = installFaults(places, all);
  const examples = writeExamples(root, project, all, ports[0] ?? 0);
  const found = [
    ...missing,
    ...compileFaults(project, examples),
    ...commandFaults(places, all),
    ...all.flatMap((page) => [...variableFaults(page), ...dataFaults(page), ...idleBlocks(page)]),
    ...testFaults(project, examples),
    ...(await firstAppFaults(project, pages, ports)),
  ];
  const expected = readFileSync(path.join(root, SAMPLES, "rejected-for.txt"), "utf8")
    .trim()
    .split("\n");
  const unseen = expected.filter((text) => !found.some((fault) => fault.startsWith(SAMPLES) && fault.includes(text)));
  return {
    faults: [...unseen.map((text) => `not found in the bad sample: ${text}`), ...found.filter((fault) => !fault.startsWith(SAMPLES))],
    blocks: pages.reduce((sum, { fences }) => sum + fences.filter(({ info }) => info !== "text").length, 0),
    notes: [...uncheckedBlocks(pages), ...pages.flatMap(notRun), ...[...UNASKED].map(([tool, why]) => `npx ${tool}: ${why}`)],
  };
}

/** Variables that no process, test or tool reads. Names with the toolkit's prefix are found anywhere, other names only if a shell block sets them. */
function variableFaults(page: Page): string[] {
  const mentioned = page.lines.join("\n").match(/\bHOLON_[A-Z0-9_]*[A-Z0-9]\b(?![_*])/g) ?? [];
  const set = shellLines([page]).flatMap(({ text }) => [...text.matchAll(/(?:^|\s)([A-Z][A-Z0-9_]+)=/g)].map(([, name = ""]) => name));
  const environment = Object.fromEntries([...mentioned, ...set].map((name) => [name, "x"]));
  const reader = new EnvironmentReader(environment, () => "x");
  refuseUnknownVariables(SHOP_SHAPE, reader);
  const ofShop = readShopSettings(environment).faults.filter(({ problem }) => problem === "is no setting of the shop.");
  const others = set.filter((name) => !/^(HOLON|SHOP)_/.test(name) && VARIABLES.every((known) => known.name !== name));
  return [
    ...[...reader.faults, ...ofShop].map(({ variable, problem }) => `${page.path} names ${variable}, which ${problem}`),
    ...others.map((name) => `${page.path} sets ${name}, which nothing reads`),
  ];
}

/** JSON that does not parse, and SQL with a comment that a migration must not have. */
function dataFaults({ path: file, fences }: Page): string[] {
  return fences.flatMap(({ info, code, line }) => {
    if (info === "sql") {
      const unknown = incompatibilitiesOf({ statements: [code] } as never).filter((reason) => reason.includes("is not known"));
      return unknown.map((reason) => `${file}:${line} ${reason}`);
    }
    if (info !== "json") return [];
    try {
      JSON.parse(code);
      return [];
    } catch (error) {
      return [`${file}:${line} is not JSON: ${(error as Error).message}`];
    }
  });
}

/** Blocks that look checked but are not: blocks in another language, and shell blocks that call no known program and set no variable. */
function idleBlocks({ path: file, fences }: Page): string[] {
  return fences.flatMap(({ info, code, line }) => {
    const [language = ""] = info.split(" ");
    if (language !== "sh") return /^(ts|tsx|json|sql|text|)$/.test(language) ? [] : [`${file}:${line} is ${language}, which the gate cannot read`];
    const isKnown =
      /(?<![\w./-])(npm|npx|node) |(^|\s)[A-Z][A-Z0-9_]+=/m.test(code) || [...NOT_RUN.keys()].some((program) => code.includes(`${program} `));
    return isKnown ? [] : [`${file}:${line} calls nothing that the gate knows, and sets no variable`];
  });
}

function notRun({ path: file, fences }: Page): string[] {
  return fences.flatMap(({ info, code, line }) =>
    [...NOT_RUN]
      .filter(([program]) => info === "sh" && new RegExp(`^[^#]*\\b${program} `, "m").test(code))
      .map(([program, why]) => `${file}:${line} ${program}: ${why}`),
  );
}
