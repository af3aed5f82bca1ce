// Makes and prints the secrets that docker-compose.yml needs, new ones each time: node deploy/make-env.mjs admin@example.org > .env
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";

const USAGE =
  "Prints the secrets that docker-compose.yml needs, for the e-mail address of the first admin: node deploy/make-env.mjs admin@example.org > .env";

const [email = "", ...others] = process.argv.slice(2);
if (email === "--help" || email === "-h") {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
if (!/^[^\s@-][^\s@]*@[^\s@]+$/.test(email) || others.length > 0) {
  process.stderr.write(`"${process.argv.slice(2).join(" ")}" is not one e-mail address. --help shows what there is.\n`);
  process.exit(2);
}

/** A private key in JWK, and its public half. */
function makeKey() {
  const { kty, crv, x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { privateKey: JSON.stringify({ kty, crv, x, d }), publicKey: x };
}

// Each process has a key of its own: docker-compose.yml runs the edge and each context in separate processes.
const keys = ["edge", "users", "catalog", "orders", "payments", "notifications"].map((name) => ({ name, ...makeKey() }));
const { d, ...publicHalf } = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: randomUUID() };
const values = {
  POSTGRES_PASSWORD: randomBytes(24).toString("hex"),
  HOLON_SECRET: randomBytes(32).toString("hex"),
  HOLON_PEERS: JSON.stringify(Object.fromEntries(keys.map(({ name, publicKey }) => [name, [publicKey]]))),
  ...Object.fromEntries(keys.map(({ name, privateKey }) => [`HOLON_${name.toUpperCase()}_KEY`, privateKey])),
  SHOP_TOKEN_PRIVATE_KEY: JSON.stringify({ ...publicHalf, d }),
  SHOP_TOKEN_PUBLIC_KEYS: JSON.stringify([publicHalf]),
  SHOP_ADMIN_EMAIL: email,
  SHOP_ADMIN_PASSWORD: randomBytes(12).toString("hex"),
};
process.stdout.write(
  `${Object.entries(values)
    .map(([name, value]) => `${name}='${value}'`)
    .join("\n")}\n`,
);
