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
