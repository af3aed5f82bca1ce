import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Resolves `holon` and `#contracts` to their sources, here and in what tests import. */
const conditions = ["source", "module", "node", "development|production"];

/** Tests with real processes, which are killed, or replaced by processes of another version. */
const FAULTS = "test/{faults,old-and-new,weeks}/**/*.test.ts";

/** Tests that use little processor time: mostly they wait for time-outs of silent servers, locks and request bodies. */
const WAITS = [
  "src/holon/data/{silence,notify/silence}.test.ts",
  "src/holon/data/migrate/busy-tables.test.ts",
  "src/holon/work/queue/silent-servers.test.ts",
  "src/holon/pipeline/hanging-workflows.test.ts",
  "test/processes/{left-processes,readiness,silent-database,silent-redis,start-wait}.test.ts",
];

/** Runs the file that takes by far the longest first, so that all other files run beside it. */
class WeeksFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isWeeks = ({ moduleId }: TestSpecification): boolean => moduleId.includes("/test/weeks/");
    return (await super.sort(files)).sort((a, b) => Number(isWeeks(b)) - Number(isWeeks(a)));
  }
}

const exclude = [...configDefaults.exclude, "**/bad-samples/**"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["source", "node", "module-sync"] } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "all others", include: ["{src,contracts,scripts,test,bench}/**/*.test.ts"], exclude: [...exclude, FAULTS, ...WAITS] },
      },
      { extends: true, test: { name: "waits", include: WAITS, exclude, maxWorkers: 5, sequence: { groupOrder: 1 } } },
      // Each of these tests starts many processes and kills them, so they run after all other tests.
      { extends: true, test: { name: "faults", include: [FAULTS], exclude, maxWorkers: 2, sequence: { groupOrder: 2 } } },
    ],
    sequence: { sequencer: WeeksFirst },
    globalSetup: "test/left-out.ts",
    pool: "forks",
    execArgv: ["--conditions=source"],
    // One worker more than a small machine has cores: tests wait for databases and processes, so three workers keep two cores busy.
    maxWorkers: 3,
    // Many tests start processes and databases, which takes a minute while two slow cores are busy. A test that takes longer than this limit is stuck.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 10_000,
  },
});
