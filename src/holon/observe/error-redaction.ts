import { readSafely, storableText } from "../kernel/thrown.ts";
import { REDACTED, redactText } from "./text-redaction.ts";

/** Members of an error that a log may show. Every other member may be data: Postgres puts whole rows into `detail`. */
const SHOWN_MEMBERS = [
  "code",
  "status",
  "statusCode",
  "errno",
  "syscall",
  "address",
  "port",
  "severity",
  "routine",
  "schema_name",
  "table_name",
  "column_name",
  "constraint_name",
  "executed",
  "details",
];

/** Postgres repeats the value that it could not read: `invalid input syntax for type uuid: "..."`. Source: PostgreSQL, Appendix A, class 22. */
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/;
const QUOTED = /"[\s\S]*"/;

const PARAMETERS = /(?:\r?\n|\s)params?(?:eters)?:[\s\S]*$/i;

/**
 * An error as it is logged: class, message, stack, cause, and known members.
 *
 * Errors of database drivers carry the statement's parameters, as members and inside the message, which the stack repeats. Parameters may be passwords. So
 * everything after the statement is cut off from an error that has one.
 */
export function redactError(error: Error, redactMember: (value: unknown) => unknown): Record<string, unknown> {
  const hasStatement = isStatementError(error);
  const shown: Record<string, unknown> = { type: error.constructor?.name ?? error.name, message: redactMessage(error) };
  const frames = stackFrames(error);
  if (frames !== "") shown.stack = frames;
  for (const name of SHOWN_MEMBERS) {
    const member = (error as unknown as Record<string, unknown>)[name];
    if (member !== undefined) shown[name] = redactMember(member);
  }
  if (hasStatement) shown.query = redactText(String((error as { query?: unknown }).query));
  if (error.cause !== undefined) shown.cause = redactMember(error.cause);
  if (error instanceof AggregateError) shown.errors = redactMember(error.errors);
  return shown;
}

/** The longest message or stack that is searched. A handler may throw an error with megabytes of either. */
const GREATEST_LENGTH = 64 * 1024;

/**
 * The thrown value as a sentence that may be stored and shown to operators: its name and its message, without the secrets in them.
 *
 * Never throws. The text can be stored: it is well-formed and has no U+0000.
 */
export function describeError(thrown: unknown): string {
  return readSafely(() => describeReadable(thrown), "an error was thrown that cannot be read");
}

function describeReadable(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "something was thrown that is no error";
  const { code } = thrown as { readonly code?: unknown };
  const message = redactMessage(thrown);
  return storableText(`${storableText(thrown.name === "HolonError" ? code : thrown.name, 200)}: ${message}`, GREATEST_LENGTH);
}

function redactMessage(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  const whole = typeof error.message === "string" ? error.message.slice(0, GREATEST_LENGTH) : "";
  const message = isStatementError(error) ? whole.replace(PARAMETERS, "") : whole;
  return redactText(typeof code === "string" && DATA_EXCEPTION.test(code) ? message.replace(QUOTED, `"${REDACTED}"`) : message);
}

/** Errors of drizzle (`query`, `params`) and postgres.js (`query`, `parameters`). */
function isStatementError(error: Error): boolean {
  const { query, params, parameters } = error as { query?: unknown; params?: unknown; parameters?: unknown };
  return typeof query === "string" || params !== undefined || parameters !== undefined;
}

/** Only the frames: a stack begins with the message again, and lines of a message may look like frames. */
function stackFrames(error: Error): string {
  const { stack: whole, message } = error;
  if (typeof whole !== "string" || typeof message !== "string") return "";
  // The frames come after the message, which may be long.
  const stack = whole.slice(0, message.length + GREATEST_LENGTH);
  const from = stack.indexOf(message);
  const lines = (from < 0 ? stack : stack.slice(from + message.length)).split("\n");
  return lines.filter((line) => /^\s+at /.test(line)).join("\n");
}
