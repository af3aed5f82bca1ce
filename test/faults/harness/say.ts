/** Prints what a fault test did, for whoever reads the log of a run. */
export function say(what: string, facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`fault test: ${what} ${JSON.stringify(facts)}\n`);
}
