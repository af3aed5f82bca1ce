import { randomUUID } from "node:crypto";
import { runApp } from "holon";
import { createShop } from "./app.ts";
import { readShopSettings, renderFaults, type ShopSettings } from "./environment.ts";
import { createFakeGateway } from "./gateway/fake-gateway.ts";
import { developmentTokenKeys } from "./identity/token-keys.ts";
import { createTokens } from "./identity/tokens.ts";

/** Where a development machine keeps the key that its processes share. */
const DEVELOPMENT_KEY_FILE = ".holon/shop-token-key.json";
const BAD_CONFIGURATION = 2;

async function main({ tokenKeys, firstAdmin, gatewayRules }: ShopSettings): Promise<void> {
  const loadKeys = async () => (tokenKeys === "development" ? developmentTokenKeys(DEVELOPMENT_KEY_FILE) : tokenKeys);
  const tokens = createTokens({ loadKeys, nowMs: Date.now });
  await runApp(createShop({ gateway: createFakeGateway(gatewayRules), tokens, firstAdmin, newId: randomUUID }));
}

const settings = readShopSettings(process.env);
if ("tokenKeys" in settings) {
  await main(settings);
} else {
  process.stderr.write(`${renderFaults(settings)}\n`);
  process.exitCode = BAD_CONFIGURATION;
}
