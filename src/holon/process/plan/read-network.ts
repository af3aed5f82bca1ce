import { isIP } from "node:net";
import { maskedValue } from "./configuration-error.ts";
import type { EnvironmentReader } from "./environment-reader.ts";
import type { Listener, Role } from "./plan.ts";

/** The addresses on which a process listens. */
interface Listeners {
  readonly edge?: Listener;
  readonly mesh?: Listener;
  readonly ops: Listener;
}

const GREATEST_PORT = 65_535;
const HOST_NAME = /^(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*\.?$/;

/** The ports of the roles, and the operations port, which listens on this machine only unless its host is set. */
export function readListeners(roles: readonly Role[], production: boolean, reader: EnvironmentReader): Listeners {
  const host = readHost(reader, "HOLON_HOST", production ? "0.0.0.0" : "127.0.0.1");
  const opsHost = readHost(reader, "HOLON_OPS_HOST", "127.0.0.1");
  const ports = {
    PORT: readPort(reader, "PORT", 3000),
    HOLON_MESH_PORT: readPort(reader, "HOLON_MESH_PORT", 3001),
    HOLON_OPS_PORT: readPort(reader, "HOLON_OPS_PORT", 3002),
  };
  const edge = roles.includes("edge") ? { edge: { host, port: ports.PORT } } : {};
  const mesh = roles.includes("rpc") ? { mesh: { host, port: ports.HOLON_MESH_PORT } } : {};
  const opened = Object.entries(ports).filter(([name]) => name === "HOLON_OPS_PORT" || (name === "PORT" ? "edge" in edge : "mesh" in mesh));
  refuseEqualPorts(opened, reader);
  return { ...edge, ...mesh, ops: { host: opsHost, port: ports.HOLON_OPS_PORT } };
}

/** A port; 0 takes a free one. */
export function readPort(reader: EnvironmentReader, name: string, fallback: number): number {
  return reader.integer(name, fallback, 0, GREATEST_PORT);
}

function readHost(reader: EnvironmentReader, name: string, fallback: string): string {
  const host = reader.text(name);
  if (host === undefined || isIP(host) !== 0 || HOST_NAME.test(host)) return host ?? fallback;
  reader.refuse(
    name,
    `is ${maskedValue(host)}.`,
    "Set it to an address of this machine or to a host name, without scheme and port: 0.0.0.0, ::1, localhost.",
  );
  return fallback;
}

function refuseEqualPorts(opened: readonly (readonly [name: string, port: number])[], reader: EnvironmentReader): void {
  for (const [index, [name, port]] of opened.entries()) {
    const earlier = opened.slice(0, index).find(([, other]) => other === port && port !== 0);
    if (earlier !== undefined) reader.refuse(name, `is ${port}, and so is ${earlier[0]}.`, "Give each its own port, or 0 for any free one.");
  }
}

/** Networks between the public and this process, whose `X-Forwarded-For` is trusted. */
export function readTrustedProxies(reader: EnvironmentReader): string[] {
  const networks = reader.list("HOLON_TRUSTED_PROXIES") ?? [];
  for (const network of networks.filter((candidate) => !isNetwork(candidate))) {
    reader.refuse(
      "HOLON_TRUSTED_PROXIES",
      `has ${maskedValue(network)}.`,
      "List addresses or networks, as in 10.0.0.0/8,fd00::/8. A number of hops or a name is refused, because a client could then pretend to have any address.",
    );
  }
  return networks;
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || address.includes("%") || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
}

/** Origins whose pages may call from a browser. */
export function readCorsOrigins(reader: EnvironmentReader): string[] {
  const origins = reader.list("HOLON_CORS_ORIGINS") ?? [];
  for (const origin of origins.filter((candidate) => !isOrigin(candidate))) {
    reader.refuse(
      "HOLON_CORS_ORIGINS",
      `has ${maskedValue(origin)}.`,
      "List whole origins, as a browser sends them: https://shop.example, without a path and without a *.",
    );
  }
  return origins;
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && origin === text;
}
