import { readFileSync } from "node:fs";
import path from "node:path";

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly engines?: { readonly node?: string };
}

/** The oldest Node that the package promises to run on, as `>=20.19` says; patch releases are not told apart. */
const OLDEST = /^>=(\d+)\.(\d+)$/;

/**
 * Packages that a user gets and that refuse the oldest Node of `engines`: npm says EBADENGINE of each. Some are held back by a version of our own
 * that `dependencies` pins only for that: `light-my-request` (its cookie 2 needs Node 22) and `@fastify/static` (its content-disposition 3, too).
 */
export function engineFaults(root: string): string[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(path.join(root, file), "utf8"));
  const { engines } = read("package.json") as { readonly engines: { readonly node: string } };
  const [, major, minor] = OLDEST.exec(engines.node) ?? [];
  if (major === undefined) return [`engines.node is ${engines.node}, and must be written as in >=20.19`];
  const { packages } = read("package-lock.json") as { readonly packages: Readonly<Record<string, Locked>> };
  return Object.entries(packages).flatMap(([place, { version, dev, engines: needs }]) => {
    const isOurs = place === "" || dev === true;
    if (isOurs || needs?.node === undefined || allows(needs.node, Number(major), Number(minor))) return [];
    return [`${place} ${version} needs Node ${needs.node}, and the package promises ${engines.node}`];
  });
}

/** Whether a range lets a version in. It reads what packages write: alternatives of `^`, `~`, `>=`, `>`, `<=` and `<`, with or without minor. */
export function allows(range: string, major: number, minor: number): boolean {
  return range.split("||").some((alternative) =>
    [...alternative.matchAll(/(\^|~|>=|<=|<|>)?\s{0,3}v?(\d+|\*|x)(?:\.(\d+))?(?:\.\d+)?/g)].every(([, sign, first = "", second]) => {
      if (first === "*" || first === "x") return true;
      // A range without minor is of all minors of its major.
      const order = major - Number(first) || (second === undefined ? 0 : minor - Number(second));
      if (sign === ">=") return order >= 0;
      if (sign === ">") return order > 0;
      if (sign === "<") return order < 0;
      if (sign === "<=") return order <= 0;
      return sign === "^" ? major === Number(first) && order >= 0 : order === 0;
    }),
  );
}
