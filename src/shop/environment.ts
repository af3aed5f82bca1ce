import type { ConfigurationFault } from "holon";
import { z } from "zod";
import type { FirstAdmin } from "./contexts/users/index.ts";
import type { GatewayRule } from "./gateway/fake-gateway.ts";
import { isAmong, parsePrivateKey, parsePublicKeys, publicHalf, type TokenKeys } from "./identity/token-keys.ts";
import { MAIL_VARIABLES, type MailSettings, readMail } from "./mail/mail-settings.ts";

/** The account that a development machine starts with. Production refuses its password. */
export const DEVELOPMENT_ADMIN: FirstAdmin = { email: "admin@example.test", password: "northwind" };

/** The shop's settings from the environment. */
export interface ShopSettings {
  /** `development`: a key pair in a file of this machine. */
  readonly tokenKeys: TokenKeys | "development";
  readonly firstAdmin: FirstAdmin | undefined;
  readonly gatewayRules: readonly GatewayRule[];
  readonly mail: MailSettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

const KNOWN: readonly string[] = [
  ...["SHOP_TOKEN_PRIVATE_KEY", "SHOP_TOKEN_PUBLIC_KEYS", "SHOP_ADMIN_EMAIL", "SHOP_ADMIN_PASSWORD", "SHOP_GATEWAY", "SHOP_GATEWAY_RULES"],
  ...MAIL_VARIABLES,
];

const GatewayRules = z
  .array(
    z.strictObject({
      customerId: z.uuid().optional(),
      amountCents: z.int().optional(),
      outcome: z.enum(["approve", "decline", "hang", "late"]),
      reason: z.string().optional(),
      afterMs: z.int().min(0).optional(),
    }),
  )
  .max(100);

/**
 * Reads the shop's own part of the environment.
 *
 * Shape: the settings, and all their faults at once. If there is a fault, defaults replace the values that are missing.
 * Variables: `SHOP_TOKEN_PRIVATE_KEY` (a JWK) and `SHOP_TOKEN_PUBLIC_KEYS` (a list of JWKs), `SHOP_ADMIN_EMAIL` and `SHOP_ADMIN_PASSWORD`,
 * `SHOP_GATEWAY` (only `fake` exists) and `SHOP_GATEWAY_RULES` (JSON), `SMTP_URL`, `SHOP_MAIL_FROM`, `SHOP_MAIL_PORT` and
 * `SHOP_ALLOW_DEVELOPMENT_MAIL`.
 */
export function readShopSettings(env: Environment): { readonly settings: ShopSettings; readonly faults: readonly ConfigurationFault[] } {
  const faults: ConfigurationFault[] = [];
  const production = env["NODE_ENV"] === "production";
  for (const name of Object.keys(env)) {
    if (name.startsWith("SHOP_") && !KNOWN.includes(name))
      faults.push({ variable: name, problem: "is no setting of the shop.", cure: `The settings are: ${KNOWN.join(", ")}.` });
  }
  const settings: ShopSettings = {
    tokenKeys: readTokenKeys(env, production, faults),
    firstAdmin: readFirstAdmin(env, production, faults),
    gatewayRules: readGateway(env, production, faults),
    mail: readMail(env, production && hosts(env, "notifications"), faults),
  };
  return { settings, faults };
}

function readTokenKeys(env: Environment, production: boolean, faults: ConfigurationFault[]): TokenKeys | "development" {
  const privateKey = parsed(env, "SHOP_TOKEN_PRIVATE_KEY", parsePrivateKey, "Set it to one Ed25519 key as JWK, with d and kid.", faults);
  const publicKeys = parsed(env, "SHOP_TOKEN_PUBLIC_KEYS", parsePublicKeys, "Set it to a JSON list of Ed25519 keys as JWK, each with a kid.", faults);
  if (privateKey === undefined && publicKeys === undefined && !production) return "development";
  if (privateKey === undefined && production && hosts(env, "users")) {
    faults.push({
      variable: "SHOP_TOKEN_PRIVATE_KEY",
      problem: "is missing: this process hosts the users context, which signs tokens.",
      cure: "Set it to one Ed25519 key as JWK, with d and kid.",
    });
  }
  if (privateKey === undefined && publicKeys === undefined) {
    faults.push({
      variable: "SHOP_TOKEN_PUBLIC_KEYS",
      problem: "is missing: without it no token can be checked.",
      cure: "Set it to a JSON list of the public halves of the signing keys, as JWK.",
    });
  }
  if (privateKey !== undefined && publicKeys !== undefined && !isAmong(privateKey, publicKeys)) {
    faults.push({
      variable: "SHOP_TOKEN_PUBLIC_KEYS",
      problem: "does not list the public half of SHOP_TOKEN_PRIVATE_KEY: no process would accept the tokens that this process signs.",
      cure: "List the old key and the new one while keys are changed (docs/identity.md).",
    });
  }
  return { privateKey, publicKeys: publicKeys ?? (privateKey === undefined ? [] : [publicHalf(privateKey)]) };
}

function hosts(env: Environment, context: string): boolean {
  const contexts = env["HOLON_CONTEXTS"];
  return contexts === undefined || contexts.split(",").some((name) => [context, "all"].includes(name.trim()));
}

function readFirstAdmin(env: Environment, production: boolean, faults: ConfigurationFault[]): FirstAdmin | undefined {
  // An empty value counts as not set: a compose file can require a variable, but cannot leave it out.
  const email = env["SHOP_ADMIN_EMAIL"]?.trim().toLowerCase() || undefined;
  const password = env["SHOP_ADMIN_PASSWORD"] || undefined;
  if (email === undefined && password === undefined) return production ? undefined : DEVELOPMENT_ADMIN;
  if (email === undefined || !z.email().safeParse(email).success) {
    faults.push({
      variable: "SHOP_ADMIN_EMAIL",
      problem: "is not an e-mail address.",
      cure: "Set it together with SHOP_ADMIN_PASSWORD, or neither of them.",
    });
  }
  if (password === undefined || password.length < 8 || password.length > 128) {
    faults.push({
      variable: "SHOP_ADMIN_PASSWORD",
      problem: "is not 8 to 128 characters long.",
      cure: "Set it together with SHOP_ADMIN_EMAIL, or neither of them.",
    });
  } else if (production && password === DEVELOPMENT_ADMIN.password) {
    faults.push({
      variable: "SHOP_ADMIN_PASSWORD",
      problem: "is the password of development machines, which is public.",
      cure: "Choose another one.",
    });
  }
  return { email: email ?? "", password: password ?? "", isSet: true };
}

function readGateway(env: Environment, production: boolean, faults: ConfigurationFault[]): readonly GatewayRule[] {
  const name = env["SHOP_GATEWAY"];
  if (name === undefined ? production : name !== "fake") {
    faults.push({
      variable: "SHOP_GATEWAY",
      problem: "does not name a gateway.",
      cure: "Only fake exists, which moves no money; production must ask for it by name.",
    });
  }
  const toRules = (text: string): readonly GatewayRule[] => GatewayRules.parse(JSON.parse(text));
  return (
    parsed(
      env,
      "SHOP_GATEWAY_RULES",
      toRules,
      'Set it to a JSON list such as [{"amountCents":100,"outcome":"decline","reason":"no funds"}].',
      faults,
    ) ?? []
  );
}

function parsed<Value>(
  env: Environment,
  variable: string,
  parse: (text: string) => Value,
  cure: string,
  faults: ConfigurationFault[],
): Value | undefined {
  const text = env[variable];
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch {
    // The parser's message may contain the secret.
    faults.push({ variable, problem: "cannot be read.", cure });
    return undefined;
  }
}
