import { readFileSync } from "node:fs";
import path from "node:path";
import { runCommand } from "../command.ts";
import { linkFaults, pathFaults } from "./links.ts";
import { type Page, parsePage, unmarkedFences } from "./markdown.ts";
import { promiseFaults } from "./promises.ts";
import { symptomFaults } from "./symptoms.ts";

/** The README's two commands, as a newcomer copies them; `.ci/run` runs the same ones. */
const FIRST_COMMANDS = ["npm ci && npm start", "npm ci && npm test"];

/** All faults of some pages of documentation. `base` is the folder of their README, relative to the root, with a `/` at the end. */
export function checkPages(root: string, base: string, paths: readonly string[]): string[] {
  const pages = paths.map((file) => parsePage(file, readFileSync(path.join(root, file), "utf8")));
  const pageAt = (file: string): Page | undefined => pages.find((page) => page.path === base + file);
  return [
    ...readmeFaults(pageAt("README.md")),
    ...linkFaults(root, pages),
    ...pathFaults(root, pages),
    ...unmarkedFences(pages),
    ...promiseFaults(root, pageAt("docs/promises.md")),
    ...symptomFaults(root, pageAt("docs/troubleshooting.md")),
    ...conflictFaults(pages),
  ];
}

/** All pages of the project, committed or not yet committed. */
export function projectPages(root: string): string[] {
  const { stdout } = runCommand("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"], { cwd: root });
  return stdout.split("\0").filter((file) => file !== "" && !file.includes("bad-samples/"));
}

/** Conflict marks that git leaves when two branches change the same text. Code with such lines does not compile, but a page would be published. */
function conflictFaults(pages: readonly Page[]): string[] {
  return pages.flatMap(({ path: file, lines }) =>
    lines.flatMap((line, index) => (/^(<{7}|>{7}) /.test(line) ? [`${file}:${index + 1} is the mark of a conflict: ${line.slice(0, 7)}`] : [])),
  );
}

function readmeFaults(readme: Page | undefined): string[] {
  if (readme === undefined) return ["README.md is not there"];
  const commands = readme.fences.flatMap(({ code }) => code.split("\n").map((line) => line.replace(/\s+#.*/, "").trim()));
  return FIRST_COMMANDS.filter((command) => !commands.includes(command)).map((command) => `README.md does not give the command: ${command}`);
}
