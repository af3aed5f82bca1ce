/** Prints what a fault test did, for people who read the log of a run. */
export function say(what: string, facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`fault test: ${what} ${JSON.stringify(facts)}\n`);
}
