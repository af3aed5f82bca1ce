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
    ["an empty header: the peer", ["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"],
    ["an empty item: what came after it", ["10.0.0.0/8"], "10.0.0.1", "1.1.1.1, ,10.0.0.2", "10.0.0.2"],
    ["an empty item at the end: the peer", ["10.0.0.0/8"], "10.0.0.1", "1.1.1.1,", "10.0.0.1"],
    ["an empty item at the beginning: what came after it", ["10.0.0.0/8"], "10.0.0.1", ",10.0.0.2", "10.0.0.2"],
    ["only commas: the peer", ["10.0.0.0/8"], "10.0.0.1", ",,", "10.0.0.1"],
    ["a port, another one for each connection: the proxy that wrote it", ["10.0.0.0/8"], "10.0.0.1", "1.1.1.1:4711", "10.0.0.1"],
    ["brackets: the proxy that wrote them", ["10.0.0.0/8"], "10.0.0.1", "[2001:db8::1]", "10.0.0.1"],
    ["12.0.0.5 for some and 10.0.0.5 for others: the peer", ["10.0.0.0/8"], "10.0.0.1", "7.7.7.7, 012.0.0.5", "10.0.0.1"],
    ["a short form of 10.0.0.1: the peer", ["10.0.0.0/8"], "10.0.0.1", "7.7.7.7, 10.1", "10.0.0.1"],
    ["a number: the peer", ["10.0.0.0/8"], "10.0.0.1", "7.7.7.7, 167772161", "10.0.0.1"],
    ["IPv6 that ends like a trusted IPv4 address is not it", ["10.0.0.0/8"], "10.0.0.1", "7.7.7.7, ::10.0.0.2", "::10.0.0.2"],
    ["a mapped one in hexadecimal is its IPv4 address", ["10.0.0.0/8"], "10.0.0.1", "7.7.7.7, ::ffff:a00:2", "7.7.7.7"],
    ["a zone: the address without it is trusted", ["fe80::/10"], "fe80::1%eth0", "1.1.1.1, fe80::2%eth1", "1.1.1.1"],
    ["every IPv4 address", ["0.0.0.0/0"], "10.0.0.1", "1.1.1.1, 9.9.9.9", "1.1.1.1"],
  ])("%s", (_name, networks, peer, forwarded, client) => {
    expect(new TrustedProxies(networks).clientAddress(peer, forwarded)).toBe(client);
  });
});
