/**
 * The network for which the calls of an address are counted. For an IPv4 address it is the address itself. For an IPv6 address it is the /64 network,
 * because a single client can use all addresses of such a network.
 *
 * Shape: a text of at most 40 characters, whatever the address is.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(":")) return address.slice(0, 40);
  const [plain = ""] = address.split("%", 1);
  const [head = "", tail] = plain.toLowerCase().split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    // An IPv4 address at the end takes the place of two groups.
    const width = rest.length + (rest.at(-1)?.includes(".") === true ? 1 : 0);
    while (groups.length + width < 8) groups.push("0");
    groups.push(...rest);
  }
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`.slice(0, 40);
}
