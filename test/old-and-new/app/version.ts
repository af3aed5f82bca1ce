/** The version of this app that runs. The second version has everything that the first has, and what a new version may add. */
export const VERSION = process.env["APP_VERSION"] === "2" ? 2 : 1;

/** A part that only the second version has. Its types are always visible. */
export function since2<Part extends object>(part: Part): Part {
  return VERSION === 2 ? part : ({} as Part);
}

/** The handlers of the running version: the first version lacks the added ones. */
export function withoutAdded<Handlers extends object>(handlers: Handlers, ...added: readonly (keyof Handlers & string)[]): Handlers {
  const kept = Object.entries(handlers).filter(([name]) => VERSION === 2 || !(added as readonly string[]).includes(name));
  return Object.fromEntries(kept) as Handlers;
}
