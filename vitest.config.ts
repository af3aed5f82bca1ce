import { configDefaults, defineConfig } from "vitest/config";

/** Resolves `holon` and `#contracts` to their sources, here and in what tests import. */
const conditions = ["source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["source", "node", "module-sync"] } },
  test: {
    include: ["{src,contracts,scripts,test,bench}/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/bad-samples/**"],
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
