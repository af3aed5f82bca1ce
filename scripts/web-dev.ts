import path from "node:path";
import { createServer } from "vite";
import { devConfig } from "../src/shop/storefront/vite-config.ts";

/** Serves the storefront's sources, changed in the page as they are saved; calls go to the shop, which `npm start` runs. */
const target = process.env["SHOP_URL"] ?? "http://127.0.0.1:3000";
const config = await devConfig(path.resolve(import.meta.dirname, ".."));
const server = await createServer({
  ...config,
  server: { host: "127.0.0.1", port: 5173, proxy: { "/trpc": target, "/auth": target } },
});
await server.listen();
server.printUrls();
