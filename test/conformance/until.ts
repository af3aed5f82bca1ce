const GREATEST_WAIT_MS = 60_000;

/** Waits until `look` returns neither undefined nor false, and returns its value. Errors: the wait took too long; the message contains `what`. */
export async function until<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  waitMs = GREATEST_WAIT_MS,
): Promise<Value> {
  const endsAtMs = performance.now() + waitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > endsAtMs) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
