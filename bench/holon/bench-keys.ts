import { createHash } from "node:crypto";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../src/holon/kernel/limits.ts";
import { createKeyIdentity, type ProcessIdentity } from "../../src/holon/mesh/identity/process-identity.ts";
import { type ProcessKey, parseProcessKey } from "../../src/holon/mesh/identity/process-key.ts";
import { EDGE, Roster } from "../../src/holon/mesh/identity/roster.ts";

/** The bytes before the 32 bytes of an Ed25519 key in PKCS #8. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key that is derived from the name, so that both processes of a bench know both keys. */
function keyOf(name: string): ProcessKey {
  const der = Buffer.concat([PKCS8_HEAD, createHash("sha256").update(`bench ${name}`).digest()]);
  return parseProcessKey(`-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`) as ProcessKey;
}

/** The identity of a bench process: `orders` calls, and is also the edge that signs for its users; `catalog` answers. */
export function benchIdentity(name: "catalog" | "orders"): ProcessIdentity {
  const orders = [keyOf("orders").publicKey];
  const roster = new Roster({ orders, [EDGE]: orders, catalog: [keyOf("catalog").publicKey] });
  return createKeyIdentity({ key: keyOf(name), roster, clock: systemClock, limits: DEFAULT_LIMITS });
}
