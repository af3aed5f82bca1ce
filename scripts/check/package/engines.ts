import { readFileSync } from "node:fs";
import path from "node:path";

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly engines?: { readonly node?: string };
}

/** The oldest Node version that the package supports, as in `>=20.19`; patch releases are ignored. */
const OLDEST = /^>=(\d+)\.(\d+)$/;

/**
 * Packages that a user installs and that do not support the oldest Node of `engines`. npm warns of each with EBADENGINE. For this reason alone,
 * `dependencies` pins older versions of two packages: newer versions of `light-my-request` need cookie 2, newer versions of `@fastify/static` need
 * content-disposition 3, and both of these need Node 22.
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

/** Whether a range allows a version. It supports alternatives of `^`, `~`, `>=`, `>`, `<=` and `<`, with or without a minor version. */
export function allows(range: string, major: number, minor: number): boolean {
  return range.split("||").some((alternative) =>
    [...alternative.matchAll(/(\^|~|>=|<=|<|>)?\s{0,3}v?(\d+|\*|x)(?:\.(\d+))?(?:\.\d+)?/g)].every(([, sign, first = "", second]) => {
      if (first === "*" || first === "x") return true;
      // A range without a minor version covers all minor versions.
      const order = major - Number(first) || (second === undefined ? 0 : minor - Number(second));
      if (sign === ">=") return order >= 0;
      if (sign === ">") return order > 0;
      if (sign === "<") return order < 0;
      if (sign === "<=") return order <= 0;
      return sign === "^" ? major === Number(first) && order >= 0 : order === 0;
    }),
  );
}
