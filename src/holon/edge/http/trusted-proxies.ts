import { BlockList, isIP } from "node:net";

/**
 * The networks whose `X-Forwarded-For` is trusted: the machines between the public and this process.
 *
 * The setting is a list of networks, because with a number of hops or "trust all" a client that connects directly could choose its own address. With an
 * empty list, no address is trusted.
 * Shape: addresses or networks, such as `10.0.0.0/8` or `fd00::/8`.
 */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #any: boolean;

  constructor(networks: readonly string[]) {
    this.#any = networks.length > 0;
    for (const network of networks) {
      const [address = "", bits] = network.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(bits), family);
    }
  }

  trusts(address: string): boolean {
    const version = isIP(address);
    return this.#any && version !== 0 && this.#networks.check(plain(address), version === 6 && !isMapped(address) ? "ipv6" : "ipv4");
  }

  /**
   * The client's address: the nearest one that does not belong to a trusted proxy. The header is read from the right, because only what our own
   * proxies appended is trusted. What a client wrote before that is not read at all, so a long header costs nothing.
   */
  clientAddress(peer: string, forwardedFor = ""): string {
    let address = plain(peer);
    let end = forwardedFor.length;
    while (end > 0 && this.trusts(address)) {
      const start = forwardedFor.lastIndexOf(",", end - 1) + 1;
      const hop = forwardedFor.slice(start, end).trim();
      if (isIP(hop) === 0) break;
      address = plain(hop);
      end = start - 1;
    }
    return address;
  }
}

function isMapped(address: string): boolean {
  return address.toLowerCase().startsWith("::ffff:") && address.includes(".");
}

/** IPv4 addresses that arrive on an IPv6 socket look like `::ffff:10.0.0.1`. */
function plain(address: string): string {
  return isMapped(address) ? address.slice(7) : address;
}
