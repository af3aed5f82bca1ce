import { useCart } from "../cart/use-cart.ts";
import { lineFault, type PricedCartLine, useCartProducts } from "../cart/use-cart-products.ts";
import { useAnnounce } from "../elements/announcements.tsx";
import { Failure } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { ProductTile } from "../elements/product-tile.tsx";
import { QuantityField } from "../elements/quantity-field.tsx";
import { formatCents } from "../money.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/paths.ts";

/** The cart with current prices. */
export function CartPage() {
  const { lines, totalCents, error, refetch } = useCartProducts();
  if (lines.length === 0) {
    return (
      <Page title="Your cart" intro="It is empty.">
        <p>
          <Link to={paths.catalog} className="button">
            To all products
          </Link>
        </p>
      </Page>
    );
  }
  const canOrder = lines.every((line) => line.product !== undefined && lineFault(line) === undefined);
  return (
    <Page title="Your cart" className="narrow">
      {error === null ? null : <Failure error={error} onRetry={refetch} />}
      <ul className="cart-lines">
        {lines.map((line) => (
          <CartRow key={line.productId} line={line} />
        ))}
      </ul>
      <div className="cart-sum">
        <p>
          Total <strong className="price">{formatCents(totalCents)}</strong>
        </p>
        {canOrder ? (
          <Link to={paths.checkout} className="button primary">
            Go to checkout
          </Link>
        ) : (
          <p className="fault">Change the lines that cannot be ordered. Then you can go to checkout.</p>
        )}
      </div>
    </Page>
  );
}

function CartRow({ line }: { readonly line: PricedCartLine }) {
  const cart = useCart();
  const announce = useAnnounce();
  const { productId, product, quantity } = line;
  const name = product?.name ?? "Product";
  const fault = lineFault(line);
  const remove = (): void => {
    cart.set(productId, 0);
    announce(`${name} was removed from the cart.`);
  };
  return (
    <li className="cart-line">
      <ProductTile category={product?.category ?? ""} />
      <div className="cart-what">
        <Link to={paths.product(productId)}>{name}</Link>
        {product === undefined ? null : <span className="muted">{formatCents(product.priceCents)} each</span>}
        {fault === undefined ? null : (
          <span className="fault" role="status">
            {fault}
          </span>
        )}
      </div>
      <QuantityField name={name} value={quantity} onChange={(next) => cart.set(productId, next)} />
      <span className="price">{product === undefined ? "" : formatCents(product.priceCents * quantity)}</span>
      <button type="button" className="button quiet" aria-label={`Remove ${name}`} onClick={remove}>
        Remove
      </button>
    </li>
  );
}
