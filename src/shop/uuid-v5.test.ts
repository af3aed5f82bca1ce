import { expect, test } from "vitest";
import { uuidV5 } from "./uuid-v5.ts";

const DNS_NAMESPACE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

test("uuidV5 returns the ids that the RFC gives", () => {
  expect(uuidV5(DNS_NAMESPACE, "www.example.com")).toBe("2ed6657d-e927-568b-95e1-2665a8aea6a2");
});

test("uuidV5 returns different ids for different names", () => {
  expect(uuidV5(DNS_NAMESPACE, "a")).not.toBe(uuidV5(DNS_NAMESPACE, "b"));
});
