import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMIN, startTestShop, type TestShop } from "../../src/shop/shop.testing.ts";
import { hasChromium, picturePath, startChromium } from "../browser/chromium.ts";

describe.skipIf(!hasChromium)("the page of the interface in a browser without a network (left out where no chromium is installed)", () => {
  let shop: TestShop;
  let browser: Browser;
  let page: Page;
  /** Requests to other hosts, script errors, and requests that the content security policy refused. */
  const faults: string[] = [];
  beforeAll(async () => {
    [shop, browser] = await Promise.all([startTestShop("together"), startChromium()]);
    page = await browser.newPage({ viewport: { width: 1280, height: 1_000 } });
    page.setDefaultTimeout(0);
    page.on("request", (request) => {
      if (!/^(?:http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) faults.push(request.url());
    });
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await page.goto(`${shop.url}/docs`);
  });
  afterAll(async () => {
    await browser?.close();
    await shop?.close();
  });

  /** Opens an operation, sends its request, and returns the status that the page shows. */
  async function tryIt(operationId: string): Promise<string> {
    // The viewer's ids have a backslash before each dot.
    const operation = page.locator(`[id$="-${operationId.replaceAll(".", "\\\\.")}"]`);
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    return (await operation.locator(".live-responses-table .response .response-col_status").first().innerText()).trim();
  }

  it("shows every operation, by context", async () => {
    await page.getByRole("heading", { name: "The shop" }).waitFor();
    const shown = await page.locator(".opblock-summary-operation-id").allInnerTexts();
    const { paths } = (await (await fetch(`${shop.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, { operationId: string }>> };
    const all = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
    expect(shown.map((text) => text.replaceAll("\u200b", "")).sort()).toEqual(all.sort());
    await page.screenshot({ path: picturePath("docs") });
  });

  it("sends the request that a user tries, and shows the answer", async () => {
    expect(await tryIt("catalog.categories.list")).toBe("200");
    await page.screenshot({ path: picturePath("docs-tried") });
  });

  it("sends the token that it was given", async () => {
    const { token } = await shop.tokens.issue({ kind: "user", id: ADMIN, roles: ["admin"] });
    expect(await tryIt("payments.list")).toBe("401");
    await page.getByRole("button", { name: "Authorize" }).click();
    await page.getByLabel("auth-bearer-value").fill(token);
    await page.getByRole("button", { name: "Apply credentials" }).click();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    expect(await tryIt("orders.list")).toBe("200");
    await page.screenshot({ path: picturePath("docs-signed-in"), fullPage: true });
  });

  it("sent no request to another host, and did nothing that its policy forbids", () => {
    expect(faults.filter((fault) => !fault.includes("401 (Unauthorized)"))).toEqual([]);
  });
});
