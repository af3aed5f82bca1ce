import { parse } from "yaml";
import { createProcessKey } from "../../../src/holon/mesh/identity/process-key.ts";
import { EDGE } from "../../../src/holon/mesh/identity/roster.ts";
import { shapeOf } from "../../../src/holon/process/app/define-app.ts";
import { ConfigurationError } from "../../../src/holon/process/plan/configuration-error.ts";
import { readPlan } from "../../../src/holon/process/plan/read-plan.ts";
import { createShop } from "../../../src/shop/app.ts";
import { readShopSettings } from "../../../src/shop/environment.ts";

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly healthcheck?: unknown;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

/** The parts of a compose file that the check reads. */
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

const TOKEN_KEY = { kty: "OKP", crv: "Ed25519", kid: "sample", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };

/** The shape of the shop: its contexts. */
export const SHOP_SHAPE = shapeOf(
  createShop({ gateway: undefined as never, tokens: undefined as never, firstAdmin: undefined, mailer: undefined as never, nowMs: () => 0 }),
);

/** A new key for each process. */
const SAMPLE_KEYS = [EDGE, ...SHOP_SHAPE.contexts.map(({ name }) => name)].map((name) => ({ name, ...createProcessKey() }));

/** Sample values for the variables that the compose file requires; they are used nowhere else. */
const SAMPLE_SECRETS: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: "samplepassword",
  HOLON_SECRET: "sample".repeat(8),
  HOLON_PEERS: JSON.stringify(Object.fromEntries(SAMPLE_KEYS.map(({ name, key }) => [name, [key.publicKey]]))),
  ...Object.fromEntries(SAMPLE_KEYS.map(({ name, jwk }) => [`HOLON_${name.toUpperCase()}_KEY`, jwk])),
  SHOP_TOKEN_PUBLIC_KEYS: JSON.stringify([TOKEN_KEY]),
  SHOP_TOKEN_PRIVATE_KEY: JSON.stringify({ ...TOKEN_KEY, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }),
  SHOP_ADMIN_EMAIL: "admin@example.test",
  SHOP_ADMIN_PASSWORD: "sample-password",
};

/**
 * The faults of a compose file beyond its form: a service whose configuration is refused at the start, a context that no service or more than one service
 * hosts, an address that names no service, a secret that is written in the file, a container with more rights than it needs.
 */
export function composeFaults(text: string): string[] {
  const { services } = parse(text, { merge: true }) as Compose;
  const own = Object.entries(services).filter(([, service]) => service.build !== undefined);
  const optional = [...text.matchAll(/\$\{(\w+)(?!\w|:?\?)[^}]*\}/g)].map(([whole]) => `${whole} is not required: write \${NAME:?why}`);
  const profiles = [...new Set(own.flatMap(([, { profiles: of = [] }]) => of))];
  return [
    ...optional,
    ...own.flatMap(([name, service]) => serviceFaults(name, service, services)),
    ...profiles.flatMap((profile) => hostingFaults(profile, own)),
  ];
}

function serviceFaults(name: string, service: Service, services: Compose["services"]): string[] {
  const environment = production(service);
  const faults: string[] = [];
  try {
    const { addresses } = readPlan(SHOP_SHAPE, environment);
    const hosts = Object.values(addresses)
      .flat()
      .map((address) => new URL(address).hostname);
    faults.push(...hosts.filter((host) => services[host] === undefined).map((host) => `calls ${host}, which is not a service`));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    faults.push(...error.faults.map(({ variable, problem }) => `${variable} ${problem}`));
  }
  faults.push(...readShopSettings(environment).faults.map(({ variable, problem }) => `${variable} ${problem}`));
  if (service.read_only !== true) faults.push("can write to its file system");
  if (!service.cap_drop?.includes("ALL")) faults.push("keeps capabilities");
  return faults.map((fault) => `${name}: ${fault}`);
}

/** In each profile, exactly one service must host each context. */
function hostingFaults(profile: string, own: readonly (readonly [string, Service])[]): string[] {
  const hosting = own.filter(([, { profiles = [] }]) => profiles.includes(profile)).flatMap(([, service]) => hosted(production(service)));
  return SHOP_SHAPE.contexts.flatMap(({ name }) => {
    const count = hosting.filter((context) => context === name).length;
    return count === 1 ? [] : [`profile ${profile}: ${count} services host ${name}`];
  });
}

function hosted(environment: Readonly<Record<string, string>>): string[] {
  const { HOLON_CONTEXTS: contexts } = environment;
  return contexts === undefined ? SHOP_SHAPE.contexts.map(({ name }) => name) : contexts.split(",");
}

/** The environment of a service in production, with the sample secrets filled in. */
function production({ environment = {} }: Service): Record<string, string> {
  const filled = Object.entries(environment).map(([name, value]) => [
    name,
    String(value).replace(/\$\{(\w+)[^}]*\}/g, (_, secret: string) => SAMPLE_SECRETS[secret] ?? ""),
  ]);
  return { NODE_ENV: "production", ...(Object.fromEntries(filled) as Record<string, string>) };
}
