/** Where this floor reports what an operator should know; pino's loggers fit. */
export interface DataLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A log that keeps nothing. */
export const silentLog: DataLog = { info: () => {}, warn: () => {} };
