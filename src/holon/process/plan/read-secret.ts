import type { EnvironmentReader } from "./environment-reader.ts";
import type { MeshUse } from "./read-identity.ts";

/** The shortest secret that production accepts. */
const LEAST_LENGTH = 32;

/** The secret that proves membership and signs sessions: it is given, or the code that starts the process must make it up. */
type SecretPlan = { readonly secret: string; readonly secretMadeUp: false } | { readonly secretMadeUp: true };

/**
 * Reads the secret. It is not made up if another process has to know it. That is so for a process that calls other processes, or that only other processes can
 * call; in production it is so for every process with a mesh. Exceptions: a variable allows it by name, or processes have keys; then `mesh` is `none`, since no
 * other process has to know the secret.
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
