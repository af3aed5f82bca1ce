import path from "node:path";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";
import { STOREFRONT_BASE } from "./storefront-routes.ts";

/** What Vite needs to build or serve the storefront of a project, with no file of its own to look for. */
export function viteConfig(project: string): InlineConfig {
  return {
    configFile: false,
    root: path.join(project, "src/shop/web"),
    base: STOREFRONT_BASE,
    plugins: [react()],
    // The toolkit's client comes from its sources, as everywhere in this project.
    resolve: { conditions: ["source", "module", "browser", "development|production"] },
    // The page's policy lets nothing in that is no file of its own.
    build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    clearScreen: false,
    logLevel: "warn",
  };
}
