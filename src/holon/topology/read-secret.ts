import type { EnvironmentReader } from "./environment-reader.ts";

/** Shortest secret that production takes. */
const LEAST_LENGTH = 32;

/** What proves membership: given, or to be made up by whoever starts the process. */
export type SecretPlan = { readonly secret: string; readonly secretMadeUp: false } | { readonly secretMadeUp: true };

/** Reads the secret. Production makes none up where other processes would have to know it, unless that is asked for by name. */
export function readSecret(usesMesh: boolean, production: boolean, reader: EnvironmentReader): SecretPlan {
  const secret = reader.text("HOLON_SECRET");
  const mayMakeUp = reader.isAllowed("HOLON_ALLOW_MADE_UP_SECRET") || !production || !usesMesh;
  const howTo = `Set it to at least ${LEAST_LENGTH} random characters, the same for all processes of the app: openssl rand -base64 32`;
  if (secret !== undefined) {
    if (production && secret.length < LEAST_LENGTH) reader.refuse("HOLON_SECRET", `has ${secret.length} characters.`, `${howTo}.`);
    return { secret, secretMadeUp: false };
  }
  if (!mayMakeUp && !reader.has("HOLON_SECRET")) {
    reader.refuse(
      "HOLON_SECRET",
      "is missing: production makes up no secret.",
      `${howTo}; or allow a made-up one by HOLON_ALLOW_MADE_UP_SECRET=yes.`,
    );
  }
  return { secretMadeUp: true };
}
