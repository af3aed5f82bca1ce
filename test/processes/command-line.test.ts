import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runProgram } from "./fixture/run.ts";

const place = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const APP = place("test/processes/fixture/main.ts");

/** Each program that takes arguments: its leading arguments, and some text that its help must contain. */
const PROGRAMS = [
  ["the app", APP, [], ["start", "apart", "plan", "openapi", "work", "key", "-h, --help", "--version", "the default"]],
  ["apart", APP, ["apart"], ["apart", "--version"]],
  ["work", APP, ["work"], ["list", "rerun <context> <job id>", "forget <context> <subscriber>", "the default"]],
  ["replay", place("scripts/replay.ts"), [], ["--url", "--concurrency", "(8)", "--mail-url", "--admin-email"]],
  ["chaos", place("scripts/chaos.ts"), [], ["--backend", "(redis)", "--every", "(2000)", "--seed", "(1)", "--concurrency", "(2)"]],
  ["soak", place("scripts/soak.ts"), [], ["--minutes", "(10)", "--backend", "--seed", "--own-databases"]],
  ["bench", place("bench/run.ts"), [], ["--only", "--rounds", "(7)", "--volatile", "--profile"]],
  ["gates", place("scripts/check/gates.ts"), [], ["format", "package"]],
  ["web-build", place("scripts/web-build.ts"), [], ["folder", "dist/web"]],
  ["web-dev", place("scripts/web-dev.ts"), [], ["npm run web:dev", "5173", "SHOP_URL"]],
  ["openapi:generate", place("scripts/openapi/generate.ts"), [], ["npm run openapi:generate", "docs/openapi.json"]],
  ["docs:generate", place("scripts/check/docs/generate.ts"), [], ["npm run docs:generate", "docs/errors.md"]],
  ["workflows:accept", place("scripts/check/workflow-versions.ts"), ["accept"], ["npm run workflows:accept", "context.workflow@version"]],
  ["make-env", place("deploy/make-env.mjs"), [], ["admin@example.org"]],
] as const;

async function run(main: string, args: readonly string[]) {
  // Faults in the environment must not change the answer to these arguments.
  const running = runProgram(main, args, { PORT: "not a port" });
  let errors = "";
  running.child.stderr?.on("data", (chunk: Buffer) => (errors += chunk));
  return { exitCode: await running.ended, output: running.output(), errors };
}

describe.each(PROGRAMS)("the command line of %s", (_, main, words, said) => {
  test("--help prints how to use it", async () => {
    const { exitCode, output, errors } = await run(main, [...words, "--help"]);
    expect(exitCode, output).toBe(0);
    expect(errors).toBe("");
    for (const text of said) expect(output).toContain(text);
  });

  test("an option that it does not have is refused in one line that names the help", async () => {
    const { exitCode, errors } = await run(main, [...words, "--nonsense"]);
    expect(exitCode, errors).toBe(2);
    expect(errors).toMatch(/^.*--nonsense.*--help.*\n$/);
  });
});

test.each([
  ["a word that is not a command", APP, ["strat"], /^"strat" is not a command\. Did you mean start\? --help .*\n$/],
  ["a word behind a command", APP, ["plan", "now"], /^.*"now".*--help.*\n$/],
  ["words of work that make no command", APP, ["work", "reurn", "stock", "1"], /^"work reurn stock 1" .*--help.*\n$/],
  ["a number that is not one", place("scripts/replay.ts"), ["--concurrency", "many"], /^--concurrency is .*many.*--help.*\n$/],
  ["a backend that does not exist", place("scripts/chaos.ts"), ["--backend", "kafka"], /^--backend is .*kafka.*--help.*\n$/],
  ["a word behind a script that takes none", place("scripts/check/docs/generate.ts"), ["errors"], /^'errors' .*--help.*\n$/],
  [
    "a workflow that does not exist",
    place("scripts/check/workflow-versions.ts"),
    ["accept", "orders.fulfill@1"],
    /^.*orders\.fulfill@1.*--help.*\n$/,
  ],
  ["a bench that does not exist", place("bench/run.ts"), ["lokal"], /^.*lokal.*--help.*\n$/],
])("%s is refused in one line", async (_, main, words, line) => {
  const { exitCode, errors } = await run(main, words);
  expect(exitCode, errors).toBe(2);
  expect(errors).toMatch(line);
});

test("help is a command, and the version is that of the toolkit and of the app", async () => {
  expect(await run(APP, ["help"])).toMatchObject({ exitCode: 0, output: expect.stringContaining("apart") });
  expect(await run(APP, ["--version"])).toMatchObject({ exitCode: 0, output: expect.stringMatching(/^fixture 0\.0\.0 \(holon \d+\.\d+\.\d+\)\n$/) });
});
