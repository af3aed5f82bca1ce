import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../api.ts";
import { AddToCart } from "../cart/add-to-cart.tsx";
import { Failure, Loading } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { ProductTile } from "../elements/product-tile.tsx";
import { QuantityField } from "../elements/quantity-field.tsx";
import { Stock } from "../elements/stock.tsx";
import { dataOf } from "../errors/sentence.ts";
import { formatCents } from "../money.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/paths.ts";
import { useUser } from "../session/use-session.ts";
import { catalogAddress } from "./catalog-query.ts";
import { NotFoundPage } from "./not-found-page.tsx";

/** One product. */
export function ProductPage({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  const user = useUser();
  const [quantity, setQuantity] = useState(1);
  const { data: product, error, refetch } = useQuery(trpc.catalog.products.get.queryOptions({ id }));
  if (["NOT_FOUND", "BAD_REQUEST"].includes(dataOf(error).code ?? "")) return <NotFoundPage />;
  if (product === undefined) {
    return <Page title="Product">{error === null ? <Loading what="the product" /> : <Failure error={error} onRetry={() => void refetch()} />}</Page>;
  }
  const { name, category, quantityPerUnit, priceCents } = product;
  return (
    <Page title={name} className="product">
      <ProductTile category={category} />
      <div className="product-facts">
        <p>
          <Link to={catalogAddress({ category, search: undefined, sort: "name_asc", page: 1 })}>{category}</Link>
        </p>
        <p className="muted">{quantityPerUnit}</p>
        <p className="price price-large">{formatCents(priceCents)}</p>
        <p>
          <Stock product={product} />
        </p>
        <div className="product-buy">
          <QuantityField name={name} value={quantity} onChange={setQuantity} />
          <AddToCart product={product} quantity={quantity} />
        </div>
        {user?.role === "admin" ? (
          <p>
            <Link to={paths.adminProduct(id)}>Edit this product</Link>
          </p>
        ) : null}
      </div>
    </Page>
  );
}
