/** A name for a component, of the words of others: `catalog.products.get` and `input` make `CatalogProductsGetInput`, `OUT_OF_STOCK` makes `OutOfStock`. */
export function componentName(...texts: readonly string[]): string {
  return texts
    .flatMap((text) => (text === text.toUpperCase() ? text.toLowerCase() : text).split(/[^A-Za-z0-9]+/))
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}
