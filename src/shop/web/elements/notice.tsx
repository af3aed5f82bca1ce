import type { ReactNode } from "react";
import { sentenceOf } from "../errors/sentence.ts";

type NoticeKind = "error" | "warning" | "info" | "good";

/** A message in a box. Errors are said at once, the others when there is a pause. */
export function Notice({ kind, children }: { readonly kind: NoticeKind; readonly children: ReactNode }) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** What went wrong, in a sentence, with a way to try again where there is one. */
export function Failure({ error, onRetry }: { readonly error: unknown; readonly onRetry?: (() => void) | undefined }) {
  return (
    <Notice kind="error">
      <p>{sentenceOf(error)}</p>
      {onRetry === undefined ? null : (
        <button type="button" className="button quiet" onClick={onRetry}>
          Try again
        </button>
      )}
    </Notice>
  );
}

/** Stands where something will be. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p className="loading" role="status">
      Loading {what}…
    </p>
  );
}
