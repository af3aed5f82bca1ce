// Prints a new key to sign the shop's tokens with, private and public: node deploy/make-token-key.mjs (docs/identity.md says how keys are changed)
import { generateKeyPairSync, randomUUID } from "node:crypto";

const { d, ...publicHalf } = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: randomUUID() };
process.stdout.write(`SHOP_TOKEN_PRIVATE_KEY='${JSON.stringify({ ...publicHalf, d })}'\nSHOP_TOKEN_PUBLIC_KEYS='${JSON.stringify([publicHalf])}'\n`);
