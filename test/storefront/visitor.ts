import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { picturePath } from "../browser/chromium.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const GRAVE: readonly unknown[] = ["serious", "critical"];

export const PHONE: BrowserContextOptions = { viewport: { width: 375, height: 740 }, hasTouch: true };
export const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 860 } };

/** A visitor with a separate browser: visitors share no cookies, storage or tabs. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Faults of pages: thrown errors, errors on the console, and requests to other hosts. */
  readonly faults: readonly string[];
  /** The addresses of all requests. */
  readonly requests: readonly string[];
  /** Opens a page of the shop by its address, and waits for its heading. */
  open(address: string, heading: string): Promise<void>;
  heading(text: string): Promise<void>;
  picture(name: string): Promise<void>;
  /** Faults of accessibility that exclude people, as `rule: where`. */
  barriers(): Promise<readonly string[]>;
  /** By how many pixels the page is wider than the window. */
  overflow(): Promise<number>;
  close(): Promise<void>;
}

export async function createVisitor(browser: Browser, baseURL: string, options: BrowserContextOptions): Promise<Visitor> {
  const context = await browser.newContext({ baseURL, ...options });
  const faults: string[] = [];
  const requests: string[] = [];
  context.on("page", (page) => listen(page, faults, requests));
  const page = await context.newPage();
  // This is far longer than any step takes. The limit only shows which step hung.
  page.setDefaultTimeout(30_000);
  const heading = (text: string) => page.getByRole("heading", { level: 1, name: text }).waitFor();
  return {
    ...{ page, context, faults, requests, heading },
    async open(address, text) {
      await page.goto(address);
      await heading(text);
    },
    async picture(name) {
      await page.screenshot({ path: picturePath(`storefront-${name}`) });
    },
    async barriers() {
      // Colours in a transition are not a fault, so transitions are finished first; endless animations are checked as they are.
      await page.evaluate(
        "Promise.allSettled(document.getAnimations().filter(({ effect }) => effect.getTiming().iterations !== Infinity).map(({ finished }) => finished)).then(() => {})",
      );
      await page.evaluate(AXE);
      const { violations } = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as AxeResults;
      const grave = violations.filter(({ impact }) => GRAVE.includes(impact));
      return grave.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${new URL(page.url()).pathname} ${id}: ${target.join(" ")}`));
    },
    overflow: () => page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    close: () => context.close(),
  };
}

function listen(page: Page, faults: string[], requests: string[]): void {
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    // The browser itself logs every refused request; pages cause and show such refusals on purpose.
    if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  page.on("request", (request) => {
    requests.push(request.url());
    if (!request.url().startsWith("http://127.0.0.1:")) faults.push(`asked ${request.url()}`);
  });
}
