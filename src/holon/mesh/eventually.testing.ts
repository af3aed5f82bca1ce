import { vi } from "vitest";

/** Resolves when the expectation holds. It waits long, because the machine may be busy with other tests. */
export function eventually(expectation: () => void, intervalMs = 5): Promise<void> {
  return vi.waitFor(expectation, { interval: intervalMs, timeout: 60_000 });
}
