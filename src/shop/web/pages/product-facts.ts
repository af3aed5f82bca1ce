import type { Inputs, Product } from "../api.ts";
import type { ConflictField } from "../elements/edit-conflict.tsx";
import { formatCents, parseCents } from "../money.ts";

/** The fields of a product that an admin edits. */
export type ProductFacts = Pick<Product, "name" | "category" | "quantityPerUnit" | "priceCents" | "discontinued">;

/** Reads the form of a product. Shape: undefined if the price is not a price. */
export function factsOf(given: FormData): ProductFacts | undefined {
  const text = (name: string): string => String(given.get(name) ?? "").trim();
  const priceCents = parseCents(text("price"));
  if (priceCents === undefined || priceCents === 0) return undefined;
  const facts: Omit<Inputs["catalog"]["products"]["update"], "id" | "version"> = {
    name: text("name"),
    category: text("category"),
    quantityPerUnit: text("quantityPerUnit"),
    priceCents,
    discontinued: given.get("discontinued") === "on",
  };
  return facts;
}

/** Two states of a product, field by field, as text. */
export function conflictOf(mine: ProductFacts, theirs: ProductFacts): readonly ConflictField[] {
  const words = ({ name, category, quantityPerUnit, priceCents, discontinued }: ProductFacts) =>
    ({ Name: name, Category: category, Unit: quantityPerUnit, Price: formatCents(priceCents), Discontinued: discontinued ? "yes" : "no" }) as const;
  const saved: Readonly<Record<string, string>> = words(theirs);
  return Object.entries(words(mine)).map(([name, text]) => ({ name, mine: text, theirs: saved[name] ?? "" }));
}
