import { HolonError } from "../kernel/holon-error.ts";
import { redactText } from "../observe/redaction.ts";

/**
 * Why a process could not start, for the user at the terminal: a sentence and a cure if the cause is a common one, otherwise the whole error.
 *
 * Guarantee: no credentials. The message often contains the URL of what cannot be opened.
 */
export function renderStartFailure(name: string, error: unknown): string {
  return redactText(render(name, error));
}

function render(name: string, error: unknown): string {
  const head = `${name} could not start:`;
  if (error instanceof HolonError) return `${head} ${error.message}${error.cause instanceof Error ? `\n  because: ${error.cause.message}` : ""}`;
  if (!(error instanceof Error)) return `${head} ${String(error)}`;
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  // The ports of the plan were free a moment ago: the port is one of the app's own, or was taken meanwhile.
  if (code === "EADDRINUSE") return `${head} port ${port} is taken. Stop the program that listens there, or choose another port.`;
  if (code === "EACCES") return `${head} port ${port} is not for this user. Choose one above 1023.`;
  // An error of the system about a file or a socket has a clear sentence; any other error is a bug, and needs its stack.
  return `${head} ${code === undefined ? (error.stack ?? error.message) : error.message}`;
}
