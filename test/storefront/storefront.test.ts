import { randomUUID } from "node:crypto";
import type { Browser, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, startChromium } from "../browser/chromium.ts";
import { ADMIN, type RunningShop, startShop, until } from "./running-shop.ts";
import { createVisitor, DESK, PHONE, type Visitor } from "./visitor.ts";

const PASSWORD = "correct horse";
const emailOf = (name: string): string => `${name.split(" ")[0]?.toLowerCase()}-${randomUUID().slice(0, 8)}@example.test`;

describe.skipIf(!hasChromium).each(["start", "apart"] as const)("the storefront in a browser, %s", (command) => {
  let browser: Browser;
  let shop: RunningShop;
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    [browser, shop] = await Promise.all([startChromium(), startShop(command)]);
  }, 180_000);
  afterEach(async () => {
    const faults = visitors.flatMap((visitor) => visitor.faults);
    await Promise.all(visitors.splice(0).map((visitor) => visitor.close()));
    expect(faults).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await shop?.stop();
  });

  const visit = async (options = DESK): Promise<Visitor> => {
    const visitor = await createVisitor(browser, shop.url, options);
    visitors.push(visitor);
    return visitor;
  };

  const signUp = async ({ page, open, heading }: Visitor, name: string): Promise<string> => {
    const email = emailOf(name);
    await open("/shop/sign-up", "Open an account");
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Open an account" }).click();
    await heading("All products");
    return email;
  };

  const signIn = async ({ page, open, heading }: Visitor, address: string, title: string): Promise<void> => {
    await open(address, "Sign in");
    await page.getByLabel("E-mail").fill(ADMIN.email);
    await page.getByLabel("Password").fill(ADMIN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await heading(title);
  };

  const addProduct = (stock: number) =>
    shop.admin.catalog.products.create.mutate({
      name: `Thing ${randomUUID().slice(0, 8)}`,
      category: "Beverages",
      quantityPerUnit: "1 box",
      priceCents: 1_250,
      discontinued: false,
      stock,
    });

  test("a customer on a phone signs up, finds a product, buys it, sees it confirmed live and has a mail", async () => {
    const visitor = await visit(PHONE);
    const { page, heading, picture } = visitor;
    const email = await signUp(visitor, "Ada Byron");

    await page.getByLabel("Search").fill("chartreuse");
    await page.getByText("1 product for “chartreuse”").waitFor();
    expect(page.url()).toBe(`${shop.url}/shop/?search=chartreuse`);
    await picture(`${command}-phone-catalog`);
    await page.getByRole("link", { name: "Chartreuse verte" }).click();
    await heading("Chartreuse verte");
    await page.getByRole("button", { name: "One Chartreuse verte more" }).click();
    await page.getByRole("button", { name: "Add Chartreuse verte to the cart" }).click();
    await page.getByText("2 × Chartreuse verte are in the cart.").waitFor();
    await picture(`${command}-phone-product`);

    await page.getByRole("link", { name: "Cart" }).click();
    await heading("Your cart");
    await page.getByText("Total $36.00").waitFor();
    await picture(`${command}-phone-cart`);
    await page.getByRole("link", { name: "Go to checkout" }).click();
    await heading("Checkout");
    await picture(`${command}-phone-checkout`);
    await page.getByRole("button", { name: "Place order and pay $36.00" }).click();

    await heading("Order");
    const loads = visitor.requests.filter((url) => url.endsWith("/shop/sign-up")).length;
    await page.getByText("Your order is confirmed.", { exact: false }).waitFor();
    expect(await page.getByRole("status").filter({ hasText: "Your order is confirmed" }).count()).toBe(1);
    await page.getByText("Total").waitFor();
    expect(await page.getByRole("listitem").filter({ hasText: "2 × Chartreuse verte" }).innerText()).toContain("$36.00");
    await picture(`${command}-phone-order`);
    expect(await visitor.overflow()).toBe(0);

    // The change came by a stream, on the page that was loaded at the beginning; no address contains a token.
    const streams = visitor.requests.filter((url) => url.includes("orders.changes"));
    expect(streams.length).toBeGreaterThan(0);
    expect(visitor.requests.filter((url) => /eyJ|token/i.test(url))).toEqual([]);
    expect(loads).toBe(1);

    const id = page.url().split("/").at(-1);
    await until(async () => (await shop.mails()).some((mail) => mail.to.includes(email) && mail.text.includes(String(id))));
    await page.getByRole("link", { name: "Cart" }).click();
    await page.getByText("It is empty.").waitFor();
  });

  test("a sign-in survives a reload, in two tabs at once, and ends in both", async () => {
    const visitor = await visit();
    await signUp(visitor, "Grace Hopper");
    const other = await visitor.context.newPage();
    await other.goto("/shop/profile");
    await other.getByLabel("Name").waitFor();
    // Both use the cookie at the same moment: if one refresh token were used twice, the session would end.
    await Promise.all([visitor.page.reload(), other.reload()]);
    await visitor.page.goto("/shop/orders");
    await visitor.heading("Your orders");
    await visitor.page.getByText("There are no orders to show.").waitFor();
    await other.getByLabel("Name").waitFor();
    expect(await other.getByLabel("Name").inputValue()).toBe("Grace Hopper");
    expect(await visitor.page.evaluate("document.cookie")).toBe("");
    expect(await visitor.page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")).not.toContain("eyJ");

    await other.getByRole("button", { name: "Sign out" }).click();
    await visitor.heading("Sign in");
    await visitor.page.reload();
    await visitor.heading("Sign in");
  });

  test("an admin who saves after another one sees both versions, and takes the other one or overwrites it", async () => {
    const product = await addProduct(5);
    const visitor = await visit();
    const { page, heading, picture } = visitor;
    const address = `/shop/admin/products/${product.id}`;
    await signIn(visitor, address, `Edit ${product.name}`);

    const { id, stock: _stock, createdAt: _createdAt, version, ...facts } = product;
    await shop.admin.catalog.products.update.mutate({ id, version, ...facts, priceCents: 1_500 });
    await page.getByLabel("Price").fill("13.75");
    await page.getByRole("button", { name: "Save" }).click();
    const conflict = page.getByRole("region", { name: "This product was changed while you edited it" });
    await conflict.waitFor();
    expect(await conflict.getByRole("row", { name: "Price" }).getByRole("cell").allInnerTexts()).toEqual(["$13.75", "$15.00"]);
    expect(await conflict.getByRole("row", { name: "differs" }).count()).toBe(1);
    expect(await page.evaluate("document.activeElement.textContent")).toBe("This product was changed while you edited it");
    expect(await visitor.barriers()).toEqual([]);
    await picture(`${command}-conflict`);

    await page.getByRole("button", { name: "Take the saved values" }).click();
    expect(await page.getByLabel("Price").inputValue()).toBe("15.00");

    await shop.admin.catalog.products.update.mutate({ id, version: version + 1, ...facts, priceCents: 1_600 });
    await page.getByLabel("Unit").fill("2 boxes");
    await page.getByRole("button", { name: "Save" }).click();
    await conflict.waitFor();
    expect((await shop.admin.catalog.products.get.query({ id })).quantityPerUnit).toBe("1 box");
    await page.getByRole("button", { name: "Overwrite with mine" }).click();
    await page.getByText(`${product.name} is saved.`).waitFor();
    expect(await shop.admin.catalog.products.get.query({ id })).toMatchObject({
      version: version + 3,
      quantityPerUnit: "2 boxes",
      priceCents: 1_500,
    });
    await heading(`Edit ${product.name}`);
    await picture(`${command}-edit`);
  });

  test("an order that is out of stock shows the product and how many are left", async () => {
    const product = await addProduct(3);
    const visitor = await visit();
    const { page, heading, picture } = visitor;
    await signUp(visitor, "Mary Somerville");
    await visitor.open(`/shop/products/${product.id}`, product.name);
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("link", { name: "Cart" }).click();
    await page.getByRole("link", { name: "Go to checkout" }).click();
    const place = page.getByRole("button", { name: "Place order and pay $25.00" });
    await place.waitFor();
    const order = { customerId: randomUUID(), orderedOn: "2026-01-01", lines: [{ productId: product.id, quantity: 2 }] };
    const other = await shop.admin.users.list.query({ role: "user", limit: 1 });
    await shop.admin.orders.placeFor.mutate({ ...order, customerId: String(other.items[0]?.id) }, { context: { idempotencyKey: randomUUID() } });
    await until(async () => (await shop.admin.catalog.products.get.query({ id: product.id })).stock === 1);

    await place.click();
    await heading("Order");
    await page.getByText(`Only 1 left of ${product.name}.`).waitFor();
    await page.getByText("Your order could not be confirmed.", { exact: false }).waitFor();
    await picture(`${command}-declined`);
    await page.getByRole("link", { name: "Orders", exact: true }).click();
    await page.getByText("Declined", { exact: true }).last().waitFor();
  });

  test("an order whose answer was lost is sent again with its key, and stays one order", async () => {
    const product = await addProduct(5);
    const visitor = await visit();
    const { page, heading } = visitor;
    await signUp(visitor, "Emmy Noether");
    await visitor.open(`/shop/products/${product.id}`, product.name);
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("link", { name: "Cart" }).click();
    await page.getByRole("link", { name: "Go to checkout" }).click();
    const takeAnswerAway = async (route: Route): Promise<void> => {
      await route.fetch();
      await route.abort();
    };
    await page.route("**/trpc/orders.place*", takeAnswerAway, { times: 1 });
    const place = page.getByRole("button", { name: "Place order and pay" });
    await place.click();
    await page.getByText("The shop cannot be reached.", { exact: false }).waitFor();
    await place.click();
    await heading("Order");
    await page.getByText("Your order is confirmed.", { exact: false }).waitFor();
    await page.getByRole("link", { name: "Orders", exact: true }).click();
    await page.getByText("Confirmed", { exact: true }).last().waitFor();
    expect(await page.getByRole("link", { name: /^Order [0-9A-F]{8}$/ }).count()).toBe(1);
    expect((await shop.admin.catalog.products.get.query({ id: product.id })).stock).toBe(4);
  });

  // Both topologies serve the same bundle, so each topology tests only one of the looks.
  const [look, options] =
    command === "start"
      ? (["light-phone", PHONE] as const)
      : (["dark-desk", { ...DESK, colorScheme: "dark" as const, reducedMotion: "reduce" as const }] as const);

  test("has no accessibility fault and fits the window, on every page", async () => {
    const { id: productId, name } = await addProduct(7);
    const admin = (await shop.admin.users.list.query({ role: "admin", limit: 1 })).items[0];
    const order = await shop.admin.orders.placeFor.mutate(
      { customerId: String(admin?.id), orderedOn: "2026-01-01", lines: [{ productId, quantity: 2 }] },
      { context: { idempotencyKey: randomUUID() } },
    );
    const visitor = await visit(options);
    const { open, page, picture } = visitor;
    const faults: string[] = [];
    const inspect = async (shown: string): Promise<void> => {
      faults.push(...(await visitor.barriers()));
      const overflow = await visitor.overflow();
      if (overflow > 0) faults.push(`${shown} is ${overflow} px too wide`);
      await picture(`${look}-${shown}`);
    };
    const inspectAll = async (pages: readonly (readonly [name: string, address: string, heading: string])[]): Promise<void> => {
      for (const [shown, address, heading] of pages) {
        await open(address, heading);
        await page.getByText(/^Loading /).waitFor({ state: "hidden" });
        await inspect(shown);
      }
    };
    await inspectAll([
      ["catalog", "/shop/", "All products"],
      ["catalog-filtered", "/shop/?category=Seafood&sort=price_desc", "Seafood"],
      ["catalog-none", "/shop/?search=nothing-of-this-name", "All products"],
      ["product", `/shop/products/${productId}`, name],
      ["sign-up", "/shop/sign-up", "Open an account"],
      ["nowhere", "/shop/nowhere", "There is nothing here"],
    ]);
    await page.goto(`/shop/products/${productId}`);
    await page.getByRole("button", { name: "Add" }).click();
    await open("/shop/sign-in", "Sign in");
    await page.getByLabel("E-mail").fill("nobody@example.test");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "E-mail or password is wrong." }).waitFor();
    await inspect("sign-in-refused");
    await signIn(visitor, "/shop/checkout", "Checkout");
    await inspectAll([
      ["cart", "/shop/cart", "Your cart"],
      ["checkout", "/shop/checkout", "Checkout"],
      ["orders", "/shop/orders", "Your orders"],
      ["order", `/shop/orders/${order.id}`, "Order"],
      ["profile", "/shop/profile", "Your account"],
      ["admin-products", "/shop/admin/products", "Products"],
      ["admin-new-product", "/shop/admin/products/new", "New product"],
      ["admin-product", `/shop/admin/products/${productId}`, `Edit ${name}`],
    ]);
    expect(faults).toEqual([]);
  });

  test("leads keyboard and screen reader past the menu, and to the heading of each page", async () => {
    const { page, open, heading } = await visit();
    const focused = () => page.evaluate<string>("document.activeElement.textContent");
    await open("/shop/", "All products");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await page.getByRole("link", { name: "Cart" }).press("Enter");
    await heading("Your cart");
    expect(await focused()).toBe("Your cart");
    expect(await page.title()).toBe("Your cart · Northwind");
    await page.goBack();
    await heading("All products");
  });

  test("serves its files as immutable, its page without caching, and nothing else", async () => {
    const get = async (path: string, accept = "text/html") => fetch(`${shop.url}${path}`, { headers: { accept }, redirect: "manual" });
    expect((await get("/")).headers.get("location")).toBe("/shop/");
    const page = await get("/shop/orders/of-no-order");
    expect([page.status, page.headers.get("cache-control"), page.headers.get("content-type")]).toEqual([200, "no-cache", "text/html; charset=utf-8"]);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|javascript:/i);
    const [script = ""] = /\/shop\/assets\/[\w-]+\.js/.exec(html) ?? [];
    const asset = await get(script, "*/*");
    expect([asset.status, asset.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
    expect(["br", "gzip"]).toContain(asset.headers.get("content-encoding"));
    const missing = ["/shop/assets/none.js", "/shop/assets/..%2f..%2f..%2fpackage.json", "/shop/assets/..%2fsources.txt", "/shop/assets/"];
    expect(await Promise.all(missing.map(async (path) => (await get(path, "*/*")).status))).toEqual([404, 404, 404, 404]);
    expect((await get("/shop/picture.png", "image/png")).status).toBe(404);
  });
});
