/** A fault in the environment or in the shape of the app, and how to repair it. */
export interface ConfigurationFault {
  /** The variable to look at; for a fault of the app itself, the part of `defineApp` that repairs it. */
  readonly variable: string;
  /** Never contains a secret or the password of a URL. */
  readonly problem: string;
  readonly cure: string;
}

/** Thrown before anything is opened, with all faults of the configuration at once. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly faults: readonly ConfigurationFault[];

  constructor(faults: readonly ConfigurationFault[]) {
    super(`The configuration has ${count(faults.length)}: ${faults.map((fault) => fault.variable).join(", ")}`);
    this.faults = faults;
  }

  /** All faults as a text for people, each with its cure. */
  render(): string {
    const lines = this.faults.map((fault) => `  ${fault.variable} ${fault.problem}\n    ${fault.cure}`);
    return [`The configuration has ${count(this.faults.length)}; nothing was started.`, ...lines].join("\n");
  }
}

function count(faults: number): string {
  return faults === 1 ? "1 fault" : `${faults} faults`;
}
