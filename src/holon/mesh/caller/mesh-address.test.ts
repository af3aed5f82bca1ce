import { describe, expect, it } from "vitest";
import { parseMeshAddress } from "./dial.ts";

describe("parseMeshAddress", () => {
  it.each([
    ["mesh://catalog:3001", { host: "catalog", port: 3001 }],
    ["http://127.0.0.1:80/", { host: "127.0.0.1", port: 80 }],
    ["mesh://[::1]:3001", { host: "::1", port: 3001 }],
  ])("reads %s", (url, address) => {
    expect(parseMeshAddress(url)).toEqual(address);
  });

  it.each([
    "",
    "catalog:3001",
    "https://catalog:3001",
    "mesh://catalog",
    "mesh://catalog:0",
    "mesh://catalog:65536",
    "mesh://user@catalog:1",
    "mesh://catalog:1/path",
  ])("refuses %j with the cure", (url) => {
    expect(() => parseMeshAddress(url)).toThrow("write mesh://host:port");
  });
});
