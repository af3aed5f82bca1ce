import { refuseCallCycles } from "./call-cycles.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { type Environment, EnvironmentReader, type ReadFile, type UrlForm } from "./environment-reader.ts";
import { type AppShape, DOCS, LOG_LEVELS, ON_UNHANDLED, type Plan } from "./plan.ts";
import { countsOnSecret, type IdentityNeeds, readIdentity, readMeshTls, readSecret } from "./read-identity.ts";
import { readLimits } from "./read-limits.ts";
import { readCorsOrigins, readListeners, readTrustedProxies } from "./read-network.ts";
import { readStores } from "./read-stores.ts";
import { readAddresses, readContexts, readRoles } from "./read-topology.ts";
import { refuseUnknownVariables } from "./variables.ts";

const OTLP: UrlForm = { schemes: ["http:", "https:"], example: "http://collector:4318" };

/** For a caller without files: a variable that names a file is refused. */
const noFiles: ReadFile = () => "";

/**
 * Decides what one process does, from the app and its environment. Pure: it opens nothing, and reads only the files that variables name.
 *
 * Errors: ConfigurationError and nothing else, with all faults at once.
 */
export function readPlan(shape: AppShape, env: Environment, readFile = noFiles): Plan {
  const reader = new EnvironmentReader(env, readFile);
  const production = reader.choice("NODE_ENV", ["production", "development", "test"], "development") === "production";
  const contexts = readContexts(shape, reader);
  const roles = readRoles(contexts, reader);
  const listeners = readListeners(roles, production, reader);
  const addresses = readAddresses(shape, contexts, roles, reader);
  const stores = readStores(shape, contexts, roles, production, reader);
  const isPartOfMany = Object.keys(addresses).length > 0 || (listeners.mesh !== undefined && listeners.edge === undefined);
  const mesh = isPartOfMany ? "shared" : listeners.mesh === undefined ? "none" : "open";
  const needs: IdentityNeeds = { contexts, roles, callees: Object.keys(addresses), mesh };
  const identity = readIdentity(shape, needs, production, reader);
  const meshTls = readMeshTls(reader);
  const secret = readSecret(countsOnSecret(needs, production, reader) ? mesh : "none", production, reader);
  const otlpEndpoint = reader.url("OTEL_EXPORTER_OTLP_ENDPOINT", OTLP);
  const plan: Plan = {
    name: shape.name,
    production,
    contexts,
    roles,
    ...listeners,
    opsWrite: reader.isAllowed("HOLON_OPS_WRITE"),
    addresses,
    ...stores,
    ...identity,
    ...(meshTls === undefined ? {} : { meshTls }),
    ...secret,
    limits: readLimits(production, reader),
    logLevel: reader.choice("LOG_LEVEL", LOG_LEVELS, "info"),
    onUnhandled: reader.choice("HOLON_ON_UNHANDLED", ON_UNHANDLED, production ? "log" : "exit"),
    ...(otlpEndpoint === undefined ? {} : { otlpEndpoint }),
    trustedProxies: readTrustedProxies(reader),
    corsOrigins: readCorsOrigins(reader),
    // The page has the origin of the app's own pages, so a fault in it would be a fault of theirs.
    docs: reader.choice("HOLON_DOCS", DOCS, production ? "document" : "page"),
  };
  refuseUnknownVariables(shape, reader);
  refuseCallCycles(shape, reader);
  if (reader.faults.length > 0) throw new ConfigurationError(reader.faults);
  return plan;
}
