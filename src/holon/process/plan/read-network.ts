import { isIP } from "node:net";
import type { EnvironmentReader } from "./environment-reader.ts";
import { maskedValue } from "./configuration-error.ts";

/** Networks between the public and this process, whose `X-Forwarded-For` is trusted. */
export function readTrustedProxies(reader: EnvironmentReader): string[] {
  const networks = reader.list("HOLON_TRUSTED_PROXIES") ?? [];
  for (const network of networks.filter((candidate) => !isNetwork(candidate))) {
    reader.refuse(
      "HOLON_TRUSTED_PROXIES",
      `has ${maskedValue(network)}.`,
      "List addresses or networks, as in 10.0.0.0/8,fd00::/8; a number of hops or a name would let anybody choose his own address.",
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
