import { HolonError } from "holon";

/** Resolves with the reason why a signal was aborted, as handlers see it. */
export function reasonOf(signal: AbortSignal): Promise<string> {
  const say = (): string => (signal.reason instanceof HolonError ? signal.reason.code : String(signal.reason));
  if (signal.aborted) return Promise.resolve(say());
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(say()), { once: true }));
}
