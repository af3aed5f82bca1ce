import { describe, expect, it } from "vitest";
import { Declarations } from "./declarations.ts";
import { readEntrance } from "./entrance.ts";
import { docstringFaults, proseOf, referencePages } from "./reference.ts";
import { type Api, reportPages } from "./report.ts";

const ENTRANCE = `// For users: what an app is written with.

export { type Order, place as order } from "./orders/index.ts";
export { safe } from "@trpc/client";

// For authors of extensions: the store.

export type {
  /** @deprecated Use \`Order\`. */
  Old,
} from "./orders/order.ts";
`;
const PLACE = `import type { Order } from "./order.ts";\nexport declare function place(count: number): Order;\n`;
const FILES: Readonly<Record<string, string>> = {
  "src/index.ts": ENTRANCE,
  "src/orders/index.ts": `export * from "./order.ts";\nexport { place } from "./place.ts";\n`,
  "src/orders/order.ts": `import type { Price as Amount } from "../price.ts";
/** An order, see {@link Old}. */
export declare class Order {
    #private;
    private readonly store;
    /** In cents. */
    readonly total: Amount;
}
/** As it was. */
export type Old = import("../price.ts").Tax;
`,
  "src/orders/place.ts": PLACE,
  "src/price.ts": `export interface Price {\n    readonly cents: number;\n}\nexport interface Tax {\n    readonly rate: number;\n}\nexport interface Unused {\n}\n`,
};

function apiOf(changes: Readonly<Record<string, string>> = {}): Api {
  const files = { ...FILES, ...changes };
  return {
    entrances: [readEntrance("shop", "src/index.ts", files["src/index.ts"] ?? "")],
    declarations: new Declarations((file) => files[file] ?? ""),
  };
}

const change = (file: string, from: string, to: string): Readonly<Record<string, string>> => ({ [file]: FILES[file]?.replace(from, to) ?? "" });
const changedPages = (changes: Readonly<Record<string, string>>): readonly string[] => {
  const before = reportPages(apiOf());
  return [...reportPages(apiOf(changes))].filter(([page, text]) => before.get(page) !== text).map(([page]) => page);
};

describe("the report of an entrance", () => {
  it("has each name below its tier, without comments and private members", () => {
    expect(reportPages(apiOf()).get("docs/api/shop.md")).toContain(`## For users

\`\`\`ts no-check
class Order {
  readonly total: Amount;
}

export { place as order };
function place(count: number): Order;

export { safe } from "@trpc/client";
\`\`\`

## For authors of extensions

\`\`\`ts no-check
// deprecated
type Old = Tax;
\`\`\``);
  });

  it("has the types that the names use, and no others", () => {
    const types = reportPages(apiOf()).get("docs/api/types.md");
    expect(types).toContain("interface Price {\n  readonly cents: number;\n}\n\ninterface Tax {\n  readonly rate: number;\n}\n```");
    expect(types).not.toContain("Unused");
  });

  it("changes with a signature, and with a type that it uses", () => {
    expect(changedPages(change("src/orders/place.ts", "count: number", "count: string"))).toEqual(["docs/api/shop.md"]);
    expect(changedPages(change("src/price.ts", "cents: number", "cents: bigint"))).toEqual(["docs/api/types.md"]);
    expect(changedPages(change("src/price.ts", "rate: number", "rate?: number"))).toEqual(["docs/api/types.md"]);
  });

  it("changes if a name leaves, or changes its tier", () => {
    expect(changedPages(change("src/index.ts", 'export { safe } from "@trpc/client";\n', ""))).toEqual(["docs/api/shop.md"]);
    expect(changedPages(change("src/index.ts", "type Order, ", ""))).toEqual(["docs/api/shop.md", "docs/api/types.md"]);
    const moved = ENTRANCE.replace('export { safe } from "@trpc/client";\n', "").concat('export { safe } from "@trpc/client";\n');
    expect(changedPages({ "src/index.ts": moved })).toEqual(["docs/api/shop.md"]);
  });

  it("stays as it is if comments, private members, files or other types change", () => {
    expect(changedPages(change("src/orders/order.ts", "In cents.", "In the smallest unit."))).toEqual([]);
    expect(changedPages(change("src/orders/order.ts", "private readonly store", "private readonly table"))).toEqual([]);
    expect(changedPages(change("src/price.ts", "interface Unused {", "interface Unused {\n    readonly a: 1;"))).toEqual([]);
    const moved = { "src/orders/index.ts": 'export * from "./order.ts";\nexport { place } from "./new.ts";\n', "src/orders/new.ts": PLACE };
    expect(changedPages(moved)).toEqual([]);
  });
});

describe("the list of an entrance", () => {
  const faultsOf = (text: string): readonly string[] => readEntrance("shop", "src/index.ts", text).faults;

  it("has no fault with two tiers of names", () => expect(faultsOf(ENTRANCE)).toEqual([]));

  it.each([
    [ENTRANCE.replace("{ safe }", "*"), "src/index.ts:4 is an `export *`"],
    [ENTRANCE.replace("{ safe }", "* as trpc"), "src/index.ts:4 is an `export *`"],
    [`export { a } from "./a.ts";\n${ENTRANCE}`, "src/index.ts:1 stands above the tiers"],
    [`${ENTRANCE}export const one = 1;\n`, "src/index.ts:12 declares something"],
    [ENTRANCE.replace("// For users: what", "// What"), "src/index.ts has the tiers: authors"],
    [ENTRANCE.replace("// For authors of extensions: the", "// The"), "src/index.ts has the tiers: users"],
  ])("is refused otherwise", (text, fault) => {
    expect(faultsOf(text)).toContainEqual(expect.stringContaining(fault));
  });
});

describe("the reference of an entrance", () => {
  const reference = (changes?: Readonly<Record<string, string>>): string => referencePages(apiOf(changes)).get("docs/reference/shop.md") ?? "";

  it("explains each name by its docstring, with the comments of its members", () => {
    expect(reference()).toContain(`What an app is written with.

### Order

\`\`\`ts no-check
class Order {
  /** In cents. */
  readonly total: Amount;
}
\`\`\`

An order, see \`Old\`.

### order`);
    expect(reference()).toContain("### safe\n\nFrom `@trpc/client`.");
    expect(reference()).toContain("### Old\n\n**Deprecated.** Use `Order`.");
  });

  it("names the names without a docstring", () => expect(docstringFaults(apiOf())).toEqual(["order of shop has no docstring"]));

  it("breaks long lines between words, and not in code", () => {
    const lines = proseOf(`${"word ".repeat(22)}\`code of several words\` and (\`more\`).\nErrors: none.`).split("\n");
    expect(lines).toEqual(["word ".repeat(22).trim(), "`code of several words` and (`more`).", "", "Errors: none."]);
  });

  it("keeps a drawing", () => expect(proseOf("A state.\n\n    a --> b\n    b --> c")).toBe("A state.\n\n```text\na --> b\nb --> c\n```"));
});
