/** Version of this app that runs: the second has all that the first has, and what a new version may add. */
export const VERSION = process.env["APP_VERSION"] === "2" ? 2 : 1;

/** What the second version adds. Types see it always. */
export function since2<Part extends object>(part: Part): Part {
  return VERSION === 2 ? part : ({} as Part);
}

/** Handlers, in the first version without those of what the second one adds. */
export function withoutAdded<Handlers extends object>(handlers: Handlers, ...added: readonly (keyof Handlers & string)[]): Handlers {
  const kept = Object.entries(handlers).filter(([name]) => VERSION === 2 || !(added as readonly string[]).includes(name));
  return Object.fromEntries(kept) as Handlers;
}
