import { catalogueError } from "../../kernel/holon-error.ts";

/** Longest wait of a step: a year. */
const LONGEST_WAIT_MS = 366 * 86_400_000;

/** Whether a step can wait for this long. */
export function isWait(ms: unknown): boolean {
  return typeof ms === "number" && ms >= 0 && ms <= LONGEST_WAIT_MS;
}

/** The error of a step that cannot wait for this long. */
export function badWait(step: string, ms: unknown): Error {
  const given = typeof ms === "number" ? `${ms} ms` : "what is no number";
  return catalogueError("INTERNAL", `The step ${step} cannot wait ${given}: a wait has 0 to ${LONGEST_WAIT_MS} ms, which is a year.`);
}
