/** Makes a component's name of other names: `catalog.products.get` and `input` give `CatalogProductsGetInput`, `OUT_OF_STOCK` gives `OutOfStock`. */
export function componentName(...texts: readonly string[]): string {
  return texts
    .flatMap((text) => (text === text.toUpperCase() ? text.toLowerCase() : text).split(/[^A-Za-z0-9]+/))
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}
