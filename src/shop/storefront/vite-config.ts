import path from "node:path";
import type { InlineConfig, Rolldown } from "vite";
import { STOREFRONT_BASE } from "./storefront-routes.ts";

/** What Vite needs of a project's storefront, with no file of its own to look for. The toolkit's client comes from its sources, as everywhere here. */
function commonConfig(project: string, mode: "development" | "production"): InlineConfig {
  return {
    configFile: false,
    root: path.join(project, "src/shop/web"),
    base: STOREFRONT_BASE,
    mode,
    resolve: { conditions: ["source", "module", "browser", mode] },
    clearScreen: false,
    logLevel: "warn",
  };
}

/** Serves sources that change in the page as they are saved. */
export async function devConfig(project: string): Promise<InlineConfig> {
  const { default: react } = await import("@vitejs/plugin-react");
  return { ...commonConfig(project, "development"), plugins: [react()] };
}

/** Builds what production serves, whatever `NODE_ENV` the building process has: React's other build is three times as large, and slow. */
export function buildConfig(project: string): InlineConfig {
  return {
    ...commonConfig(project, "production"),
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    oxc: { jsx: { runtime: "automatic", development: false } },
    // The page's policy lets nothing in that is no file of its own.
    build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, rolldownOptions: { onLog: withoutDirectives } },
  };
}

/** Libraries mark their files for servers that render React; there is none here. */
const withoutDirectives: Rolldown.InputOptions["onLog"] = (level, log, report) => {
  if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
};
