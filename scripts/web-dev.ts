import { once } from "node:events";
import path from "node:path";
import { createServer } from "vite";
import { refuseWords, runScript } from "../src/holon/cli/command-line.ts";
import { devConfig } from "../src/shop/storefront/vite-config.ts";

const USAGE = `Serves the storefront's sources on http://127.0.0.1:5173/shop/, and shows a saved change at once. Calls go to a shop that runs.

  npm run web:dev

  -h, --help  prints this text

The variable SHOP_URL is the address of the shop (http://127.0.0.1:3000).
`;

async function serve(): Promise<number> {
  const target = process.env["SHOP_URL"] ?? "http://127.0.0.1:3000";
  const config = await devConfig(path.resolve(import.meta.dirname, ".."));
  const server = await createServer({
    ...config,
    server: { host: "127.0.0.1", port: 5173, proxy: { "/trpc": target, "/auth": target } },
  });
  await server.listen();
  // Vite's own line has the level info, which is switched off.
  for (const url of server.resolvedUrls?.local ?? []) console.log(`the storefront: ${url}, on the shop ${target}`);
  if (server.httpServer !== null) await once(server.httpServer, "close");
  return 0;
}

await runScript({
  usage: USAGE,
  options: {},
  run({ positionals }) {
    refuseWords(positionals);
    return serve();
  },
});
