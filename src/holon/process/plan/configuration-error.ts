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
