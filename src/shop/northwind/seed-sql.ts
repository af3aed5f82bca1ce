import { customerIdOf, type Northwind, productIdOf } from "./northwind.ts";

/** The SQL that fills the catalog: every product with its category, price and stock. Existing rows do not change. */
export function catalogSeedSql(data: Northwind): string {
  const categories = [...new Set(data.products.map((product) => product.category))].map((name) => [quoted(name)]);
  const products = data.products.map((product) => [
    quoted(productIdOf(product.id)),
    quoted(product.name),
    quoted(product.category),
    quoted(product.quantityPerUnit),
    String(product.priceCents),
    String(product.discontinued),
    String(product.unitsInStock),
  ]);
  return [
    insert("catalog.categories", ["name"], categories),
    insert("catalog.products", ["id", "name", "category", "quantity_per_unit", "price_cents", "discontinued", "stock"], products),
  ].join("--> statement-breakpoint\n");
}

/** The SQL that adds every Northwind customer as an account that cannot sign in: it has no password. */
export function usersSeedSql(data: Northwind): string {
  const customers = data.customers.map((customer) => [
    quoted(customerIdOf(customer.id)),
    quoted(`${customer.id.toLowerCase()}@example.test`),
    quoted(customer.contact),
    quoted(customer.company),
    quoted(customer.city),
    quoted(customer.country),
  ]);
  return insert("users.users", ["id", "email", "name", "company", "city", "country"], customers);
}

function insert(table: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const values = rows.map((row) => `  (${row.join(", ")})`).join(",\n");
  return `insert into ${table} (${columns.join(", ")}) values\n${values}\non conflict do nothing;\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
