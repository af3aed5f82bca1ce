import { isTRPCClientError } from "holon/client";

interface KnownData {
  readonly code?: string;
  readonly details?: unknown;
}

const SENTENCES: Readonly<Record<string, string>> = {
  BAD_REQUEST: "Some values in this form are not valid.",
  UNAUTHORIZED: "You are not signed in any more. Sign in and try again.",
  FORBIDDEN: "Your account may not do this.",
  NOT_FOUND: "This does not exist, or your account may not see it.",
  CONFLICT: "This was changed in the meantime. Load the page again.",
  KEY_IN_FLIGHT: "This request is still running. Wait a moment, then load the page again.",
  KEY_REUSED: "This request was already sent with other values. Check its result, then try again.",
  TOO_MANY_REQUESTS: "There were too many requests. Wait a little and try again.",
  PAYLOAD_TOO_LARGE: "The request is too large.",
  OVERLOADED: "The shop is very busy. Try again in a moment.",
  UNAVAILABLE: "A part of the shop does not answer. Try again in a moment.",
  DEADLINE_EXCEEDED: "The shop took too long to answer. Try again.",
};

/** The code and details of a procedure's error; an empty object for any other error. */
export function dataOf(error: unknown): KnownData {
  return isTRPCClientError(error) ? ((error.data as KnownData | null | undefined) ?? {}) : {};
}

/** Describes an error to people. A page that knows more about the error writes its own sentence. */
export function sentenceOf(error: unknown): string {
  const { code, details } = dataOf(error);
  if (code === undefined) return "The shop cannot be reached. Are you online?";
  if (code === "INTERNAL") {
    const { errorId } = (details ?? {}) as { readonly errorId?: string };
    return `Something went wrong on our side.${errorId === undefined ? "" : ` It is recorded as ${errorId}.`}`;
  }
  return SENTENCES[code] ?? "That did not work.";
}

/** The fault of each form field, by the field's name, if the server refused the input. */
export function fieldFaults(error: unknown): Readonly<Record<string, string>> {
  const { code, details } = dataOf(error);
  if (code !== "BAD_REQUEST") return {};
  const { issues = [] } = (details ?? {}) as { readonly issues?: readonly { readonly path: string; readonly message: string }[] };
  return Object.fromEntries(issues.map(({ path, message }) => [path.split(".")[0] ?? "", message]).reverse());
}
