/** A fault in the environment or in the shape of the app, and how to repair it. */
export interface ConfigurationFault {
  /** The variable to look at; for a fault of the app itself, the part of `defineApp` that repairs it. */
  readonly variable: string;
  /** Never contains a secret or the password of a URL. */
  readonly problem: string;
  readonly cure: string;
}

/** Thrown before anything is opened, with all faults of the configuration at once. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly faults: readonly ConfigurationFault[];

  constructor(faults: readonly ConfigurationFault[]) {
    super(`The configuration has ${count(faults.length)}: ${faults.map((fault) => fault.variable).join(", ")}`);
    this.faults = faults;
  }

  /** All faults as a text for people, each with its cure. */
  render(): string {
    const lines = this.faults.map((fault) => `  ${fault.variable} ${fault.problem}\n    ${fault.cure}`);
    return [`The configuration has ${count(this.faults.length)}; nothing was started.`, ...lines].join("\n");
  }
}

function count(faults: number): string {
  return faults === 1 ? "1 fault" : `${faults} faults`;
}

const GREATEST_LENGTH = 60;

/**
 * A value of the environment in a form that a message may show: quoted, short, on one line, without the text before an `@`.
 *
 * It is for values that are not secret by nature. Do not show a variable that may contain a password at all.
 */
export function maskedValue(value: string): string {
  const masked = value.includes("@") ? `****${value.slice(value.lastIndexOf("@"))}` : value;
  return JSON.stringify(masked.length > GREATEST_LENGTH ? `${masked.slice(0, GREATEST_LENGTH)}...` : masked);
}

/** A valid URL without its password and without its query, which may contain another password. */
export function maskedUrl(url: string): string {
  const { protocol, username, password, host, pathname, search } = new URL(url);
  // A password with a slash that is not percent-encoded ends up in the path, up to its last @.
  const path = pathname.includes("@") ? "/****" : pathname;
  return `${protocol}//${login(username, password)}${host}${path}${search === "" ? "" : "?****"}`;
}

function login(username: string, password: string): string {
  if (password !== "") return `${username}:****@`;
  // A single word before the @ is a user for Postgres, but a token for other servers.
  return username === "" ? "" : "****@";
}

/** "Did you mean ...? ", or an empty text if no known name is close. */
export function meant(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `Did you mean ${nearest}? `;
}

/** The known name that was most likely meant; undefined if none is close. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  // Longer names may differ in more places. If more than a third of the letters differ, the name is only a guess and does not help.
  let best = Math.max(1, Math.floor(name.length / 3)) + 1;
  let nearest: string | undefined;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/**
 * The number of letters to insert, delete, replace or swap with their neighbour to turn one name into the other.
 *
 * Source: optimal string alignment, the restricted form of the Damerau-Levenshtein distance.
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, at(beforeLast, column - 2) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
