const GREATEST_LENGTH = 60;

/**
 * A value of the environment as a message may show it: quoted, short, on one line, without what stands before an `@`.
 *
 * For values that are not secret by nature; a variable that may hold a password is better not shown at all.
 */
export function maskedValue(value: string): string {
  const masked = value.includes("@") ? `****${value.slice(value.lastIndexOf("@"))}` : value;
  return JSON.stringify(masked.length > GREATEST_LENGTH ? `${masked.slice(0, GREATEST_LENGTH)}...` : masked);
}

/** A URL that was read as one, without its password and without its query, which may hold another. */
export function maskedUrl(url: string): string {
  const { protocol, username, password, host, pathname, search } = new URL(url);
  // A password with a slash that nobody encoded ends up in the path, up to its last @.
  const path = pathname.includes("@") ? "/****" : pathname;
  return `${protocol}//${login(username, password)}${host}${path}${search === "" ? "" : "?****"}`;
}

function login(username: string, password: string): string {
  if (password !== "") return `${username}:****@`;
  // A single word before the @ is a user for Postgres and a token for others.
  return username === "" ? "" : "****@";
}
