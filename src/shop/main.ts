import { type Plan, readPlan, runApp, shapeOf } from "holon";
import { createShop } from "./app.ts";
import { readShopSettings } from "./environment.ts";
import { createFakeGateway } from "./gateway/fake-gateway.ts";
import { developmentTokenKeys } from "./identity/token-keys.ts";
import { createTokens } from "./identity/tokens.ts";
import { createMailOffice } from "./mail/mail-office.ts";
import { openStorefront } from "./storefront/open-storefront.ts";

/** The file with the key that the processes of a development machine share. */
const DEVELOPMENT_KEY_FILE = ".holon/shop-token-key.json";

/** The commands that run the shop; other commands only inspect it. */
const STARTING: readonly string[] = ["start", "apart"];

const { settings, faults } = readShopSettings(process.env);
const { tokenKeys, firstAdmin, gatewayRules } = settings;
const loadKeys = async () => (tokenKeys === "development" ? developmentTokenKeys(DEVELOPMENT_KEY_FILE) : tokenKeys);
const tokens = createTokens({ loadKeys, nowMs: Date.now });
const office = createMailOffice(settings.mail, Date.now);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const storefront = () => openStorefront({ project: process.cwd(), isProduction: process.env["NODE_ENV"] === "production", say });
const shop = createShop({
  gateway: createFakeGateway(Date.now, gatewayRules),
  tokens,
  firstAdmin,
  mailer: office.mailer,
  nowMs: Date.now,
  storefront,
});

if (sendsMail() && faults.length === 0) await openOffice();
await runApp(shop, { faults });
await office.close();

/** One process of the machine runs the mail server: the process that sends mail, or the one that starts the others with `apart`. */
async function openOffice(): Promise<void> {
  const opened = await office.open();
  if (opened === undefined) return;
  process.env["SMTP_URL"] = opened.smtpUrl;
  say(`mail stays on this machine: ${opened.pageUrl}`);
}

function sendsMail(): boolean {
  const plan = process.argv.length <= 3 && STARTING.includes(process.argv[2] ?? "start") ? soundPlan() : undefined;
  return (plan?.contexts.includes("notifications") && plan.roles.includes("jobs")) ?? false;
}

/** Undefined if the configuration is invalid: `runApp` reports the faults, and no mail server was opened. */
function soundPlan(): Plan | undefined {
  try {
    return readPlan(shapeOf(shop), process.env);
  } catch {
    return undefined;
  }
}
