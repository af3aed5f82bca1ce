import type { Logger } from "holon";

/** The most lines that are kept. */
const MOST = 20;

/** A log that keeps errors, for the message of a failed test. */
export class KeptErrors implements Logger {
  readonly #lines: string[] = [];

  debug(): void {}

  info(): void {}

  warn(): void {}

  error(fields: object, message: string): void {
    const { err } = fields as { readonly err?: { readonly stack?: string; readonly cause?: unknown } };
    this.#lines.push([message, err?.stack, causesOf(err?.cause)].join("\n"));
    if (this.#lines.length > MOST) this.#lines.shift();
  }

  child(): Logger {
    return this;
  }

  render(): string {
    return this.#lines.slice(-2).join("\n");
  }
}

function causesOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.message}\n${causesOf(cause.cause)}` : "";
}
