import type { ReactNode } from "react";
import { sentenceOf } from "../errors/sentence.ts";

type NoticeKind = "error" | "warning" | "info" | "good";

/** A message in a box. Screen readers read errors at once, and other messages at the next pause. */
export function Notice({ kind, children }: { readonly kind: NoticeKind; readonly children: ReactNode }) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** Describes an error in a sentence, with a button to try again if `onRetry` is given. */
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

/** A placeholder while something loads. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p className="loading" role="status">
      Loading {what}…
    </p>
  );
}
