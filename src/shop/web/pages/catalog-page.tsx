import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Product, useTRPC } from "../api.ts";
import { AddToCart } from "../cart/add-to-cart.tsx";
import { Failure, Loading } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { Pages } from "../elements/pages.tsx";
import { ProductTile } from "../elements/product-tile.tsx";
import { Stock } from "../elements/stock.tsx";
import { formatCents } from "../money.ts";
import { Link } from "../router/link.tsx";
import { navigate, useLocation } from "../router/location.ts";
import { paths } from "../router/paths.ts";
import { type CatalogQuery, catalogAddress, parseCatalogQuery, SORTS, type Sort } from "./catalog-query.ts";

const PER_PAGE = 12;
/** A search is sent when the user has not typed for this long. */
const TYPING_MS = 250;

/** All products, with filter, sort order and pages. The address holds the filter, the sort order and the number of the page. */
export function CatalogPage() {
  const trpc = useTRPC();
  const query = parseCatalogQuery(useLocation().search);
  const { data, error, refetch, isPlaceholderData } = useQuery(
    trpc.catalog.products.list.queryOptions({ ...query, limit: PER_PAGE }, { placeholderData: keepPreviousData }),
  );
  return (
    <Page title={query.category ?? "All products"} className="catalog">
      <CatalogFilter query={query} />
      <section aria-label="Products" className="catalog-found" aria-busy={isPlaceholderData}>
        {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
        <p className="found" role="status">
          {data === undefined ? "" : foundText(data.total, query)}
        </p>
        {data === undefined && error === null ? <Loading what="products" /> : null}
        <ul className="cards">
          {data?.items.map((product) => (
            <ProductCard key={product.id} product={product} />
          ))}
        </ul>
        {data === undefined ? null : <Pages {...data} addressOf={(page) => catalogAddress({ ...query, page })} />}
      </section>
    </Page>
  );
}

function foundText(total: number, { search }: CatalogQuery): string {
  const products = total === 1 ? "1 product" : `${total} products`;
  return search === undefined ? products : `${total === 0 ? "No product" : products} for “${search}”`;
}

function CatalogFilter({ query }: { readonly query: CatalogQuery }) {
  return (
    <div className="filter">
      <search className="filter-search">
        <SearchField key={query.category} query={query} />
        <label className="field">
          <span>Sort by</span>
          <select value={query.sort} onChange={(event) => navigate(catalogAddress({ ...query, sort: event.target.value as Sort, page: 1 }))}>
            {Object.entries(SORTS).map(([sort, name]) => (
              <option key={sort} value={sort}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </search>
      <Categories query={query} />
    </div>
  );
}

function SearchField({ query }: { readonly query: CatalogQuery }) {
  const [text, setText] = useState(query.search ?? "");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (next: string): void => {
    setText(next);
    clearTimeout(timer.current);
    const to = catalogAddress({ ...query, search: next.trim() || undefined, page: 1 });
    timer.current = setTimeout(() => navigate(to, { replace: true }), TYPING_MS);
  };
  return (
    <label className="field">
      <span>Search</span>
      <input type="search" value={text} maxLength={100} placeholder="Chai, tofu, …" onChange={(event) => search(event.target.value)} />
    </label>
  );
}

function Categories({ query }: { readonly query: CatalogQuery }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.catalog.categories.list.queryOptions(undefined, { staleTime: 60_000 }));
  const items = data?.items ?? [];
  const all = { name: undefined, products: items.reduce((sum, { products }) => sum + products, 0) };
  return (
    <nav aria-label="Categories" className="categories">
      <ul>
        {(data === undefined ? [] : [all, ...items]).map(({ name, products }) => (
          <li key={name ?? ""}>
            <Link to={catalogAddress({ ...query, category: name, page: 1 })} aria-current={name === query.category ? "true" : undefined}>
              {name ?? "All products"} <span className="count">{products}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ProductCard({ product }: { readonly product: Product }) {
  return (
    <li className="card">
      <ProductTile category={product.category} />
      <div className="card-text">
        <h2>
          <Link to={paths.product(product.id)} className="card-link">
            {product.name}
          </Link>
        </h2>
        <p className="muted">{product.quantityPerUnit}</p>
      </div>
      <div className="card-foot">
        <p>
          <span className="price">{formatCents(product.priceCents)}</span>
          <Stock product={product} />
        </p>
        <AddToCart product={product} />
      </div>
    </li>
  );
}
