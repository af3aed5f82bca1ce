import { describe, expect, it } from "vitest";
import { TrustedProxies } from "./trusted-proxies.ts";

describe("TrustedProxies", () => {
  it.each([
    ["nobody trusted: the peer", [], "10.0.0.1", "1.1.1.1", "10.0.0.1"],
    ["an untrusted peer: the peer", ["10.0.0.0/8"], "9.9.9.9", "1.1.1.1", "9.9.9.9"],
    ["a trusted peer: what it appended", ["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"],
    ["a chain of trusted ones: the first that is not", ["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 1.1.1.1, 10.2.3.4", "1.1.1.1"],
    ["only trusted ones: the furthest", ["10.0.0.0/8"], "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["garbage: what came before it", ["10.0.0.0/8"], "10.0.0.1", "nonsense", "10.0.0.1"],
    ["a mapped peer is its IPv4 address", ["10.0.0.1"], "::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"],
    ["IPv6 networks count", ["fd00::/8"], "fd00::1", "2001:db8::1", "2001:db8::1"],
    ["no header: the peer", ["10.0.0.0/8"], "10.0.0.1", undefined, "10.0.0.1"],
  ])("%s", (_name, networks, peer, forwarded, client) => {
    expect(new TrustedProxies(networks).clientAddress(peer, forwarded)).toBe(client);
  });
});
