import { configDefaults, defineConfig } from "vitest/config";

/** Resolves `holon` and `#contracts` to their sources, here and in what tests import. */
const conditions = ["source", "module", "node", "development|production"];

/** Tests with real processes that are killed, or replaced by those of another version. */
const FAULTS = "test/{faults,old-and-new,weeks}/**/*.test.ts";

const exclude = [...configDefaults.exclude, "**/bad-samples/**"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["source", "node", "module-sync"] } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "all but faults", include: ["{src,contracts,scripts,test,bench}/**/*.test.ts"], exclude: [...exclude, FAULTS] },
      },
      // Each starts many processes and kills them: they run when all others are over, one file after the other.
      { extends: true, test: { name: "faults", include: [FAULTS], exclude, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    globalSetup: "test/left-out.ts",
    pool: "forks",
    execArgv: ["--conditions=source"],
    maxWorkers: 2,
    // Many tests start processes and databases; what hangs longer than this hangs for good.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
