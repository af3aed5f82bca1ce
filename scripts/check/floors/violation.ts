/** A rule of the house. */
export type Rule =
  | "floor"
  | "unknown-floor"
  | "package"
  | "browser"
  | "toolkit-knows-shop"
  | "shop-entrance"
  | "other-context"
  | "contract-import"
  | "storefront"
  | "file-cycle"
  | "real-world"
  | "file-length"
  | "inner-index"
  | "missing-file";

/** A line that breaks a rule. */
export interface Violation {
  readonly rule: Rule;
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

/** Formats a violation so that editors can open the line: `file:line rule: problem`. */
export function renderViolation({ rule, file, line, problem }: Violation): string {
  return `${file}:${line} ${rule}: ${problem}`;
}
