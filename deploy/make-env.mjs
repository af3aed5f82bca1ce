// Prints the secrets that docker-compose.yml needs, made anew: node deploy/make-env.mjs admin@example.org > .env
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";

const [email] = process.argv.slice(2);
if (email === undefined) {
  process.stderr.write("Name the e-mail address of the first admin: node deploy/make-env.mjs admin@example.org > .env\n");
  process.exit(2);
}

const { d, ...publicHalf } = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: randomUUID() };
const values = {
  POSTGRES_PASSWORD: randomBytes(24).toString("hex"),
  HOLON_SECRET: randomBytes(32).toString("hex"),
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
