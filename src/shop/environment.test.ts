import { describe, expect, test } from "vitest";
import { DEVELOPMENT_ADMIN, readShopSettings } from "./environment.ts";
import { newTokenKey, publicHalf } from "./identity/token-keys.ts";

const privateKey = await newTokenKey();
const SHOP_TOKEN_PRIVATE_KEY = JSON.stringify(privateKey);
const SHOP_TOKEN_PUBLIC_KEYS = JSON.stringify([publicHalf(privateKey)]);
const OTHER_PUBLIC_KEYS = JSON.stringify([publicHalf(await newTokenKey())]);
const TWINS = JSON.stringify([publicHalf(privateKey), { ...publicHalf(await newTokenKey()), kid: privateKey.kid }]);
const SMTP_URL = "smtp://mail.example:587";
const production = { NODE_ENV: "production", SHOP_GATEWAY: "fake", SHOP_TOKEN_PRIVATE_KEY, SMTP_URL };

const faultyVariables = (env: Record<string, string | undefined>): string[] => readShopSettings(env).faults.map((fault) => fault.variable);

describe("the shop's environment", () => {
  test("needs nothing on a development machine", () => {
    const mail = { smtpUrl: undefined, from: "shop@example.test", pagePort: undefined };
    expect(readShopSettings({})).toEqual({
      settings: { tokenKeys: "development", firstAdmin: DEVELOPMENT_ADMIN, gatewayRules: [], mail },
      faults: [],
    });
  });

  test("has no first admin in production unless one is named", () => {
    expect(readShopSettings(production).settings).toMatchObject({ firstAdmin: undefined });
  });

  test("treats empty variables of the first admin as not set", () => {
    const { settings, faults } = readShopSettings({ ...production, SHOP_ADMIN_EMAIL: "", SHOP_ADMIN_PASSWORD: "" });
    expect([settings.firstAdmin, faults]).toEqual([undefined, []]);
  });

  test("checks tokens with the public half of the private key if no public keys are named", () => {
    expect(readShopSettings(production).settings).toMatchObject({ tokenKeys: { privateKey, publicKeys: [publicHalf(privateKey)] } });
  });

  test("lists an old and a new key while keys are changed", () => {
    const both = JSON.stringify([publicHalf(privateKey), ...JSON.parse(OTHER_PUBLIC_KEYS)]);
    expect(readShopSettings({ ...production, SHOP_TOKEN_PUBLIC_KEYS: both }).settings.tokenKeys).toMatchObject({ publicKeys: JSON.parse(both) });
    expect(faultyVariables({ ...production, SHOP_TOKEN_PUBLIC_KEYS: both })).toEqual([]);
  });

  test("needs no private key if the users context runs in another process", () => {
    const env = { NODE_ENV: "production", SHOP_GATEWAY: "fake", SHOP_TOKEN_PUBLIC_KEYS, HOLON_CONTEXTS: "none" };
    expect(readShopSettings(env).settings).toMatchObject({ tokenKeys: { privateKey: undefined } });
  });

  test("needs no mail server in production if notifications run in another process", () => {
    expect(faultyVariables({ ...production, SMTP_URL: undefined, HOLON_CONTEXTS: "users,orders" })).toEqual([]);
  });

  test("keeps mail on the machine in production if a variable allows it", () => {
    expect(faultyVariables({ ...production, SMTP_URL: undefined, SHOP_ALLOW_DEVELOPMENT_MAIL: "yes" })).toEqual([]);
  });

  test.each([
    ["a missing mail server in production", { ...production, SMTP_URL: undefined }, ["SMTP_URL"]],
    ["a mail server that is not an SMTP URL", { SMTP_URL: "http://mail.example" }, ["SMTP_URL"]],
    ["a permission that is not yes", { SHOP_ALLOW_DEVELOPMENT_MAIL: "true" }, ["SHOP_ALLOW_DEVELOPMENT_MAIL"]],
    ["a mail page on a port that does not exist", { SHOP_MAIL_PORT: "65536" }, ["SHOP_MAIL_PORT"]],
    ["a missing key in production", { NODE_ENV: "production", SHOP_GATEWAY: "fake" }, ["SHOP_TOKEN_PRIVATE_KEY", "SHOP_TOKEN_PUBLIC_KEYS"]],
    ["a gateway that production did not ask for", { ...production, SHOP_GATEWAY: "" }, ["SHOP_GATEWAY"]],
    ["keys that are invalid", { SHOP_TOKEN_PRIVATE_KEY: "{}", SHOP_TOKEN_PUBLIC_KEYS: "[]" }, ["SHOP_TOKEN_PRIVATE_KEY", "SHOP_TOKEN_PUBLIC_KEYS"]],
    ["keys that do not list the one that signs", { ...production, SHOP_TOKEN_PUBLIC_KEYS: OTHER_PUBLIC_KEYS }, ["SHOP_TOKEN_PUBLIC_KEYS"]],
    ["two keys of one name", { SHOP_TOKEN_PRIVATE_KEY, SHOP_TOKEN_PUBLIC_KEYS: TWINS }, ["SHOP_TOKEN_PUBLIC_KEYS"]],
    ["an admin without an address", { SHOP_ADMIN_EMAIL: "", SHOP_ADMIN_PASSWORD: "long enough" }, ["SHOP_ADMIN_EMAIL"]],
    ["an admin without a password", { SHOP_ADMIN_EMAIL: "a@b.com" }, ["SHOP_ADMIN_PASSWORD"]],
    [
      "the development password in production",
      { ...production, SHOP_ADMIN_EMAIL: "a@b.com", SHOP_ADMIN_PASSWORD: DEVELOPMENT_ADMIN.password },
      ["SHOP_ADMIN_PASSWORD"],
    ],
    ["rules of the gateway that are not valid", { SHOP_GATEWAY_RULES: '[{"outcome":"explode"}]' }, ["SHOP_GATEWAY_RULES"]],
    ["a variable whose name is misspelt", { SHOP_GATEWAY_RULE: "[]" }, ["SHOP_GATEWAY_RULE"]],
  ] as const)("refuses %s", (_, env, variables) => {
    expect(faultyVariables(env).slice(0, variables.length)).toEqual(variables);
  });

  test("never shows a secret that it cannot read", () => {
    expect(JSON.stringify(readShopSettings({ SHOP_TOKEN_PRIVATE_KEY: "canary", SMTP_URL: "http://u:canary@h" }))).not.toContain("canary");
  });
});
