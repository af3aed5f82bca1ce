import { type ConfigurationFault, maskedValue, meant } from "./configuration-error.ts";

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a file that a variable names. Errors: any error if the file cannot be read. */
export type ReadFile = (path: string) => string;

/** The form that a URL must have. */
export interface UrlForm {
  /** With the colon: `postgres:`. */
  readonly schemes: readonly string[];
  readonly example: string;
}

/** Reads typed values from an environment. It collects faults instead of stopping at the first. */
export class EnvironmentReader {
  readonly faults: ConfigurationFault[] = [];
  readonly #environment: Environment;
  readonly #readFile: ReadFile;

  constructor(environment: Environment, readFile: ReadFile) {
    this.#environment = environment;
    this.#readFile = readFile;
  }

  /** Names of the variables that are set, including empty ones. */
  get names(): string[] {
    return Object.keys(this.#environment).filter((name) => this.has(name));
  }

  /** Whether the variable is set, even to an empty text. */
  has(name: string): boolean {
    return Object.hasOwn(this.#environment, name) && this.#environment[name] !== undefined;
  }

  refuse(variable: string, problem: string, cure: string): void {
    this.faults.push({ variable, problem, cure });
  }

  /** The value without the white space around it; undefined if the variable is not set, or is refused because it is empty. */
  text(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#environment[name]?.trim();
    if (value) return value;
    this.refuse(name, "is set and empty.", "Give it a value, or do not set it at all.");
    return undefined;
  }

  /** Whether the variable is set, or the variable that names a file with its value. */
  hasSecret(name: string): boolean {
    return this.has(name) || this.has(fileVariable(name));
  }

  /** The value, or the content of the file that `<name>_FILE` names: orchestrators mount secrets as files. */
  secret(name: string): string | undefined {
    const fileName = fileVariable(name);
    const value = this.text(name);
    const path = this.text(fileName);
    if (path === undefined) return value;
    if (this.has(name)) {
      this.refuse(fileName, `is set together with ${name}.`, "Set only one of them.");
      return undefined;
    }
    const found = this.#contentOf(path);
    if (found === undefined)
      this.refuse(fileName, `names a file that cannot be read, or is empty: ${maskedValue(path)}.`, "Name one that holds the value.");
    return found;
  }

  #contentOf(path: string): string | undefined {
    try {
      return this.#readFile(path).trim() || undefined;
    } catch {
      return undefined;
    }
  }

  /** The items of a comma-separated list, each once; undefined if the variable is not set. */
  list(name: string): string[] | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const items = value.split(",").map((item) => item.trim());
    if (items.includes("")) this.refuse(name, "has an empty item.", "Separate the items by one comma each.");
    return [...new Set(items.filter((item) => item !== ""))];
  }

  /** A whole number; the fallback if the variable is not set or is refused. */
  integer(name: string, fallback: number, least: number, greatest: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    if (/^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= greatest) return Number(value);
    this.refuse(name, `is ${maskedValue(value)}.`, `Set it to a whole number from ${least} to ${greatest}.`);
    return fallback;
  }

  /** One of a few words; the fallback if the variable is not set or is refused. */
  choice<const Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) this.refuse(name, `is ${maskedValue(value)}.`, `${meant(value, choices)}It is one of: ${choices.join(", ")}.`);
    return choice ?? fallback;
  }

  /** Whether the variable gives a permission. Only the word `yes` gives it. */
  isAllowed(name: string): boolean {
    const value = this.text(name);
    if (value === undefined || value === "yes") return value === "yes";
    this.refuse(name, `is ${maskedValue(value)}.`, "Set it to yes, or do not set it.");
    return false;
  }

  /** A URL; undefined if the variable is not set or is refused. Its value is never shown, because it may contain a password. */
  url(name: string, form: UrlForm): string | undefined {
    const value = this.text(name);
    return value !== undefined && this.isUrl(name, value, form) ? value : undefined;
  }

  /** Whether a text is a URL of this form; refuses the variable if it is not. */
  isUrl(name: string, value: string, form: UrlForm): boolean {
    const cure = `Write it as in ${form.example}; characters of a password that mean something in a URL are percent-encoded.`;
    if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !URL.canParse(value)) {
      this.refuse(name, "is not a URL.", cure);
      return false;
    }
    const { protocol } = new URL(value);
    if (form.schemes.includes(protocol)) return true;
    this.refuse(name, `begins with ${protocol}// and must begin with ${form.schemes.map((scheme) => `${scheme}//`).join(" or ")}.`, cure);
    return false;
  }
}

/** The variable that names a file with the value of another variable. */
export function fileVariable(name: string): string {
  return `${name}_FILE`;
}
