import type { EnvironmentReader } from "./environment-reader.ts";
import type { MeshUse } from "./read-identity.ts";

/** Shortest secret that production takes. */
const LEAST_LENGTH = 32;

/** What proves membership and signs sessions: given, or to be made up by whoever starts the process. */
export type SecretPlan = { readonly secret: string; readonly secretMadeUp: false } | { readonly secretMadeUp: true };

/**
 * Reads the secret. None is made up where another process has to know it: a process that calls others, or that only others can call; in production
 * wherever there is a mesh. Unless that is asked for by name, or processes have keys: `none` then, for no other has to know it.
 */
export function readSecret(mesh: MeshUse, production: boolean, reader: EnvironmentReader): SecretPlan {
  const secret = reader.secret("HOLON_SECRET");
  const mayMakeUp = reader.isAllowed("HOLON_ALLOW_MADE_UP_SECRET") || (production ? mesh === "none" : mesh !== "shared");
  const howTo = `Set it to at least ${LEAST_LENGTH} random characters, the same for all processes of the app: openssl rand -base64 32`;
  if (secret !== undefined) {
    if (production && secret.length < LEAST_LENGTH) reader.refuse("HOLON_SECRET", `has ${secret.length} characters.`, `${howTo}.`);
    return { secret, secretMadeUp: false };
  }
  if (!mayMakeUp && !reader.hasSecret("HOLON_SECRET")) {
    reader.refuse(
      "HOLON_SECRET",
      production ? "is missing: production makes up no secret." : "is missing: this process and others must have the same.",
      `${howTo}; or allow a made-up one by HOLON_ALLOW_MADE_UP_SECRET=yes.`,
    );
  }
  return { secretMadeUp: true };
}
