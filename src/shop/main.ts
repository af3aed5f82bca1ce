import { randomUUID } from "node:crypto";
import { runApp } from "holon";
import { createShop } from "./app.ts";
import { readShopSettings } from "./environment.ts";
import { createFakeGateway } from "./gateway/fake-gateway.ts";
import { developmentTokenKeys } from "./identity/token-keys.ts";
import { createTokens } from "./identity/tokens.ts";

/** Where a development machine keeps the key that its processes share. */
const DEVELOPMENT_KEY_FILE = ".holon/shop-token-key.json";

const { settings, faults } = readShopSettings(process.env);
const { tokenKeys, firstAdmin, gatewayRules } = settings;
const loadKeys = async () => (tokenKeys === "development" ? developmentTokenKeys(DEVELOPMENT_KEY_FILE) : tokenKeys);
const tokens = createTokens({ loadKeys, nowMs: Date.now });
const shop = createShop({ gateway: createFakeGateway(gatewayRules), tokens, firstAdmin, newId: randomUUID });

await runApp(shop, { faults });
