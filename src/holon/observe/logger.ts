import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";
import type { Logger } from "../kernel/log.ts";
import { isInstanceOf } from "../kernel/thrown.ts";
import { redact, redactText } from "./redaction.ts";

/** The lowest level that is written; `silent` writes nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Options of {@link createLogger}. */
interface LoggerOptions {
  /** Added to every line, as `name`. */
  readonly name: string;
  readonly level: LogLevel;
  /** The destination of the lines; by default standard output, written before the call returns, so that a crash loses no line. */
  readonly destination?: DestinationStream;
}

/**
 * A logger that writes one JSON line for each call, with all secrets removed.
 *
 * Guarantee: fields are copied and redacted before pino sees them; a level that is off costs one comparison.
 */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = {
    ...{ name, level, base: {}, timestamp: pino.stdTimeFunctions.isoTime },
    formatters: { level: (label: string) => ({ level: label }) },
    // pino's own serializer would take our copy of an error for an error.
    serializers: { err: (copy: unknown) => copy },
  };
  return new RedactingLogger(destination === undefined ? pino(options) : pino(options, destination));
}

class RedactingLogger implements Logger {
  readonly #pino: PinoLogger;

  constructor(inner: PinoLogger) {
    this.#pino = inner;
  }

  debug(fields: object, message: string): void {
    this.#write("debug", fields, message);
  }

  info(fields: object, message: string): void {
    this.#write("info", fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write("warn", fields, message);
  }

  error(fields: object, message: string): void {
    this.#write("error", fields, message);
  }

  child(fields: object): Logger {
    return new RedactingLogger(this.#pino.child(toFields(fields)));
  }

  #write(level: "debug" | "info" | "warn" | "error", fields: object, message: string): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    this.#pino[level](toFields(fields), toMessage(message));
  }
}

/** The fields of a line from any given value: a wrong argument must not make the log call fail. */
function toFields(given: unknown): Record<string, unknown> {
  // An error that is passed directly becomes a field of its own; otherwise pino would write its members as members of the line.
  const copy = redact(isInstanceOf(given, Error) ? { err: given } : given);
  return typeof copy === "object" && copy !== null && !Array.isArray(copy) ? (copy as Record<string, unknown>) : { value: copy };
}

function toMessage(given: unknown): string {
  return typeof given === "string" ? redactText(given) : (JSON.stringify(redact(given)) ?? "");
}
