import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";
import type { Logger } from "../kernel/index.ts";
import { redact } from "./redaction.ts";
import { redactText } from "./text-redaction.ts";

/** How loud a log is; `silent` writes nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** What a logger is made from. */
export interface LoggerOptions {
  /** On every line, as `name`. */
  readonly name: string;
  readonly level: LogLevel;
  /** Where lines go; standard output by default, written before the call returns, so that a crash loses none. */
  readonly destination?: DestinationStream;
}

/**
 * A logger that writes one JSON line a call, with every secret left out.
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
    return new RedactingLogger(this.#pino.child(redact(fields) as Record<string, unknown>));
  }

  #write(level: "debug" | "info" | "warn" | "error", fields: object, message: string): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    // An error handed in bare is a field of its own; pino would otherwise write its members as the line's.
    const copy = redact(fields instanceof Error ? { err: fields } : fields);
    this.#pino[level](copy, redactText(message));
  }
}
