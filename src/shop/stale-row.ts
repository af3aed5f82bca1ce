import { catalogueError, type HolonError } from "holon";

/**
 * Why an edit that named a version met no row.
 *
 * Shape: `current` is the row as it is now. NOT_FOUND where there is none; else CONFLICT with its version in `details.version`.
 */
export function staleRow(noun: string, current: { readonly version: number } | undefined): HolonError {
  if (current === undefined) return catalogueError("NOT_FOUND", `There is no such ${noun}.`);
  const { version } = current;
  return catalogueError("CONFLICT", `The ${noun} was changed by somebody else; its version is now ${version}.`, { details: { version } });
}
