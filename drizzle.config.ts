import { defineConfig } from "drizzle-kit";

const context = process.env["CONTEXT"];
if (context === undefined)
  throw new Error("Name the context whose tables changed, as in: CONTEXT=catalog npm run migrations:generate -- --name what_changed");

/** Makes the SQL of one context's migrations from its tables. */
export default defineConfig({
  dialect: "postgresql",
  schema: `./src/shop/contexts/${context}/tables.ts`,
  out: `./migrations/${context}`,
});
