import path from "node:path";
import type { InlineConfig, Rolldown } from "vite";
import { STOREFRONT_BASE } from "./storefront-routes.ts";

/**
 * The Vite configuration of a project's storefront; Vite reads no configuration file. The toolkit's client is resolved to its sources, as everywhere
 * in this repository.
 */
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

/** The configuration of the development server: a saved change shows in the page at once. */
export async function devConfig(project: string): Promise<InlineConfig> {
  const { default: react } = await import("@vitejs/plugin-react");
  return { ...commonConfig(project, "development"), plugins: [react()] };
}

/** The configuration of the production build, also if `NODE_ENV` says otherwise: React's development build is three times as large, and slow. */
export function buildConfig(project: string): InlineConfig {
  return {
    ...commonConfig(project, "production"),
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    oxc: { jsx: { runtime: "automatic", development: false } },
    // The page's content security policy refuses everything that is not a file of its own.
    build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, rolldownOptions: { onLog: withoutDirectives } },
  };
}

/** Drops warnings about "use client" and the like: libraries mark their files for servers that render React, and no server does that here. */
const withoutDirectives: Rolldown.InputOptions["onLog"] = (level, log, report) => {
  if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
};
