import type { Guard } from "./guard.ts";

/** Guards of docs/promises.md that a change of some lines takes out. */
export const GUARDS: readonly Guard[] = [
  {
    of: "P3",
    takenOut: "degraded is not unready (`readinessOf`)",
    edits: [
      {
        file: "src/holon/process/health/process-health.ts",
        from: "return { ready: reasons.length === 0, reasons, degraded };",
        to: "return { ready: reasons.length + degraded.length === 0, reasons, degraded };",
      },
    ],
    test: "src/holon/process/health/process-health.test.ts",
  },
];
