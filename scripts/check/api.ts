import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { refuseWords, runScript } from "../../src/holon/cli/command-line.ts";
import { readApi } from "./api/read-api.ts";
import { docstringFaults, referencePages } from "./api/reference.ts";
import { reportPages } from "./api/report.ts";
import { runCommand } from "./command.ts";

const USAGE = `Compares what the package exports with the report in docs/api, and with the reference in docs/reference. npm run api:accept writes the report first.

  npm run api:accept

  -h, --help  prints this text
`;

const root = path.resolve(import.meta.dirname, "../..");

/** The difference between a page and the text that it must have, as a diff. Empty if they are equal. */
function diff(page: string, text: string, folder: string): string {
  const expected = path.join(folder, path.basename(page));
  writeFileSync(expected, text);
  const before = existsSync(path.join(root, page)) ? path.join(root, page) : "/dev/null";
  const { stdout } = runCommand("git", ["diff", "--no-index", "--no-color", "--unified=2", before, expected]);
  // The head of the diff is cut off, because it names temporary files.
  return stdout.replace(/^[\s\S]*?(?=^@@)/m, "");
}

function staleFaults(pages: ReadonlyMap<string, string>, cure: string): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), "holon-api-"));
  try {
    return [...pages].flatMap(([page, text]) => {
      const changes = diff(page, text, folder);
      return changes === "" ? [] : [`${page} is not what the package exports: ${cure}\n${changes}`];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function check(isAccepting: boolean): number {
  const api = readApi(root);
  const report = reportPages(api);
  if (isAccepting) {
    for (const [page, text] of report) {
      mkdirSync(path.dirname(path.join(root, page)), { recursive: true });
      writeFileSync(path.join(root, page), text);
    }
  }
  const faults = [
    ...api.entrances.flatMap((entrance) => entrance.faults),
    ...docstringFaults(api),
    ...staleFaults(report, "npm run api:accept, if users should get this"),
    ...staleFaults(referencePages(api), "npm run docs:generate"),
  ];
  for (const fault of faults) console.error(fault);
  console.log(`api: ${api.entrances.map(({ specifier, names }) => `${names.length} names of ${specifier}`).join(", ")}; ${faults.length} faults`);
  return faults.length > 0 ? 1 : 0;
}

await runScript({
  usage: USAGE,
  options: {},
  run({ positionals: [command, ...others] }) {
    refuseWords(command === "accept" ? others : command === undefined ? [] : [command, ...others]);
    return check(command === "accept");
  },
});
