/** A condition that must hold after a replay. */
export interface Check {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
}

/** Makes a check of two numbers. */
export function numberCheck(what: string, found: number, wanted: number, unit = ""): Check {
  return { what, found: `${grouped(found)}${unit}`, wanted: `${grouped(wanted)}${unit}` };
}

/** Whether a check holds. */
export function holds({ found, wanted }: Check): boolean {
  return found === wanted;
}

/** Formats a number with its digits in groups of three, as in `144 906 231`. */
export function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}
