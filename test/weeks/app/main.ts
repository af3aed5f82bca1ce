import { defineApp, runApp } from "holon";
import { createShop } from "../../../src/shop/app.ts";
import { readShopSettings } from "../../../src/shop/environment.ts";
import { createFakeGateway } from "../../../src/shop/gateway/fake-gateway.ts";
import { developmentTokenKeys } from "../../../src/shop/identity/token-keys.ts";
import { createTokens } from "../../../src/shop/identity/tokens.ts";
import { createMailOffice } from "../../../src/shop/mail/mail-office.ts";
import { almanac } from "./almanac.ts";

// Builds the shop as the shop's own `main.ts` does, but without the pages, and with one more context. The harness bundles this file.
const { settings, faults } = readShopSettings(process.env);
const { tokenKeys, firstAdmin, gatewayRules } = settings;
const loadKeys = async () => (tokenKeys === "development" ? developmentTokenKeys("token-key.json") : tokenKeys);
const shop = createShop({
  gateway: createFakeGateway(Date.now, gatewayRules),
  tokens: createTokens({ loadKeys, nowMs: Date.now }),
  firstAdmin,
  mailer: createMailOffice(settings.mail, Date.now).mailer,
  nowMs: Date.now,
});
await runApp(defineApp({ ...shop, contexts: [...shop.contexts, almanac], migrations: "migrations" }), { faults });
