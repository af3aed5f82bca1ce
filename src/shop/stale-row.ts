import { catalogueError, type HolonError } from "holon";

/**
 * The error of an edit whose id and version match no row.
 *
 * Shape: `current` is the row as it is now. NOT_FOUND if it does not exist; else CONFLICT with its version in `details.version`.
 */
export function staleRow(noun: string, current: { readonly version: number } | undefined): HolonError {
  if (current === undefined) return catalogueError("NOT_FOUND", `There is no such ${noun}.`);
  const { version } = current;
  return catalogueError("CONFLICT", `The ${noun} was changed by another request; its version is now ${version}.`, { details: { version } });
}
