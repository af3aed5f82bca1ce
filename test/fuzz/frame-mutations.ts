/** A frame, and how it was changed. */
export interface MutatedFrame {
  readonly name: string;
  /** The text that is sent, with its terminator. */
  readonly text: string;
}

/** JSON texts of every kind, with some that often cause bugs. They are texts, because JavaScript has no value for some of them. */
const ODD_VALUES: readonly string[] = [
  ...["null", "true", "false", "0", "-0", "1", "7", "-1", "0.5", "1e999", "-1e999", "1e300", "9007199254740993", "2147483648", "65536"],
  ...['""', '"0"', '"length"', '"__proto__"', '"constructor"', '"\\u0000"', '"\\ud800"', '"\\uDFFFx"', `"${"x".repeat(20_000)}"`],
  ...["[]", "[0]", "[[0]]", '["length"]', "[0,null]", "[0,[]]", '[1,{"kind":"ghost"}]', `${"[".repeat(3_000)}${"]".repeat(3_000)}`],
  ...["{}", '{"__proto__":{"kind":"user"}}', '{"valueOf":1,"toString":1}', '{"length":3}', '{"kind":"ghost"}', '{"then":1,"toJSON":1}'],
  ...['{"key":"\\u0000"}', '{"code":"GHOST","message":"m","executed":"perhaps","status":-1}', `${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}`],
];

type Step = string | number;

const HOLE = "@@ the member that is changed @@";

/** All mutations of each member of a frame, at any depth: replaced by each odd value, left out, and followed by one member too many. */
export function mutationsOf(name: string, frame: readonly unknown[]): MutatedFrame[] {
  return pathsOf(frame)
    .filter((path) => path.length > 0)
    .flatMap((path) => {
      const at = `${name}, ${path.join(".")}`;
      const text = JSON.stringify(replaced(frame, path));
      const replacements = ODD_VALUES.map((value) => ({ name: `${at} = ${value.slice(0, 60)}`, text: end(text.replace(`"${HOLE}"`, () => value)) }));
      return [...replacements, { name: `${at} left out`, text: end(JSON.stringify(without(frame, path))) }];
    })
    .concat(
      ODD_VALUES.map((value) => ({ name: `${name}, then ${value.slice(0, 60)}`, text: end(`${JSON.stringify(frame).slice(0, -1)},${value}]`) })),
    );
}

const end = (text: string): string => `${text},\n`;

function pathsOf(value: unknown, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const steps: readonly Step[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...steps.flatMap((step) => pathsOf((value as Record<Step, unknown>)[step], [...path, step]))];
}

function replaced(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  if (step === undefined) return HOLE;
  const copy = copyOf(value);
  copy[step] = replaced(copy[step], rest);
  return copy;
}

function without(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  const copy = copyOf(value);
  const at = step as Step;
  if (rest.length > 0) copy[at] = without(copy[at], rest);
  else if (Array.isArray(copy)) copy.splice(at as number, 1);
  else delete copy[at];
  return copy;
}

function copyOf(value: unknown): Record<Step, unknown> {
  return (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<Step, unknown>;
}

/** Texts of frames with some bytes changed at random places. Some texts are also cut, and some are doubled. */
export function spoiltBytes(texts: readonly string[], count: number, random: () => number): Buffer[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: count }, () => {
    const bytes = Buffer.from(texts[below(texts.length)] as string);
    for (let changes = 1 + below(4); changes > 0; changes--) bytes[below(bytes.length)] = below(256);
    const cut = bytes.subarray(below(3) === 0 ? below(bytes.length) : 0);
    return below(3) === 0 ? Buffer.concat([cut, cut]) : cut;
  });
}
