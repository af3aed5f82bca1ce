import { CategoryIcon } from "./icons.tsx";

const TINTS = ["Beverages", "Condiments", "Confections", "Dairy Products", "Grains/Cereals", "Meat/Poultry", "Produce", "Seafood"];

/** The picture of a product: a drawing of its category on the category's colour. */
export function ProductTile({ category }: { readonly category: string }) {
  return (
    <div className={`tile tint-${TINTS.indexOf(category)}`}>
      <CategoryIcon category={category} />
    </div>
  );
}
