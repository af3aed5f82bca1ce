/** One thing that must hold after a replay. */
export interface Check {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
}

/** A check of numbers. */
export function numberCheck(what: string, found: number, wanted: number, unit = ""): Check {
  return { what, found: `${grouped(found)}${unit}`, wanted: `${grouped(wanted)}${unit}` };
}

/** Whether a check holds. */
export function holds({ found, wanted }: Check): boolean {
  return found === wanted;
}

/** Digits in groups of three, as in `144 906 231`. */
export function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}
