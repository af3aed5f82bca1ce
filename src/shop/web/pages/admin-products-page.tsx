import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useTRPC } from "../api.ts";
import { Failure, Loading } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { Pages } from "../elements/pages.tsx";
import { formatCents } from "../money.ts";
import { Link } from "../router/link.tsx";
import { navigate, useLocation } from "../router/location.ts";
import { paths } from "../router/paths.ts";
import { parsePage } from "./catalog-query.ts";

const PER_PAGE = 20;

function addressOf(search: string | undefined, page: number): string {
  const said = new URLSearchParams();
  if (search !== undefined) said.set("search", search);
  if (page > 1) said.set("page", String(page));
  return said.size === 0 ? paths.adminProducts : `${paths.adminProducts}?${said}`;
}

/** All products, for admins. */
export function AdminProductsPage() {
  const trpc = useTRPC();
  const given = new URLSearchParams(useLocation().search);
  const search = given.get("search")?.trim().slice(0, 100) || undefined;
  const { data, error, refetch } = useQuery(
    trpc.catalog.products.list.queryOptions({ search, page: parsePage(given), limit: PER_PAGE }, { placeholderData: keepPreviousData }),
  );
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    navigate(addressOf(String(new FormData(event.currentTarget).get("search")).trim() || undefined, 1));
  };
  const newProduct = (
    <Link to={paths.newProduct} className="button primary">
      New product
    </Link>
  );
  return (
    <Page title="Products" aside={newProduct}>
      <search>
        <form className="inline-form" onSubmit={submit}>
          <label className="field">
            <span>Search</span>
            <input key={search} type="search" name="search" defaultValue={search} maxLength={100} />
          </label>
          <button type="submit" className="button">
            Find
          </button>
        </form>
      </search>
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading what="products" /> : null}
      {data === undefined ? null : (
        <>
          <table className="products">
            <caption className="visually-hidden">{data.total} products</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Category</th>
                <th scope="col" className="number">
                  Price
                </th>
                <th scope="col" className="number">
                  Stock
                </th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ id, name, category, priceCents, stock, discontinued }) => (
                <tr key={id}>
                  <th scope="row">
                    <Link to={paths.adminProduct(id)}>{name}</Link>
                    {discontinued ? <span className="badge">discontinued</span> : null}
                  </th>
                  <td>{category}</td>
                  <td className="number">{formatCents(priceCents)}</td>
                  <td className="number">{stock}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <Pages {...data} addressOf={(page) => addressOf(search, page)} />
        </>
      )}
    </Page>
  );
}
