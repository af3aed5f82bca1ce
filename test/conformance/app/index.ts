import { fileURLToPath } from "node:url";
import { type App, catalogueError, defineApp, type EdgeRequest, type Principal } from "holon";
import type { Probe } from "../probe.ts";
import { createValuesModule } from "../values/context.ts";
import { createAlpha } from "./alpha/index.ts";
import { createBeta } from "./beta/index.ts";
import { createDelta } from "./delta/index.ts";
import { createGamma } from "./gamma/index.ts";

/** An app that uses every feature. */
export function createConformanceApp(probe: Probe): App {
  return defineApp({
    name: "conformance",
    contexts: [createAlpha(probe), createBeta(probe), createGamma(), createDelta(probe), createValuesModule()],
    migrations: fileURLToPath(new URL("../migrations", import.meta.url)),
    authenticate,
  });
}

/** A token is `<kind> <id> <role> <role>`. It is not secure, but covers all outcomes. */
function authenticate(request: EdgeRequest): Principal | undefined {
  const token = request.authorization ?? request.connectionParams?.["authorization"];
  if (token === undefined) return undefined;
  const [kind, id = "", ...roles] = token.split(" ");
  if (kind === "user") return { kind, id, roles };
  if (kind === "system") return { kind, context: id, task: "forged" };
  if (kind === "expired") throw catalogueError("UNAUTHORIZED", "The token has expired.");
  throw new Error("s3cret");
}
