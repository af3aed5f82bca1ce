import { redactText } from "./text-redaction.ts";

/** Members of an error that a log may show. Anything else may be data: Postgres puts whole rows into `detail`. */
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

const PARAMETERS = /(?:\r?\n|\s)params?(?:eters)?:[\s\S]*$/i;

/**
 * An error as it is logged: class, message, stack, cause, and known members.
 *
 * Errors of database drivers carry the statement's parameters, as members and inside the message, which repeats in the stack; with them go
 * passwords. From an error that has a statement, everything after it is cut off.
 */
export function redactError(error: Error, redactMember: (value: unknown) => unknown): Record<string, unknown> {
  const hasStatement = isStatementError(error);
  const message = redactText(hasStatement ? error.message.replace(PARAMETERS, "") : error.message);
  const shown: Record<string, unknown> = { type: error.constructor?.name ?? error.name, message };
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

/** Errors of drizzle (`query`, `params`) and postgres.js (`query`, `parameters`). */
function isStatementError(error: Error): boolean {
  const { query, params, parameters } = error as { query?: unknown; params?: unknown; parameters?: unknown };
  return typeof query === "string" || params !== undefined || parameters !== undefined;
}

/** Only the frames: the first lines of a stack are the message once more. */
function stackFrames(error: Error): string {
  const lines = error.stack?.split("\n") ?? [];
  return lines.filter((line) => /^\s+at /.test(line)).join("\n");
}
