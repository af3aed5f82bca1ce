import { performance } from "node:perf_hooks";
import type { EdgeRequest } from "holon";
import { createAuthenticate } from "../src/shop/identity/authenticate.ts";
import { newTokenKey, publicHalf } from "../src/shop/identity/token-keys.ts";
import { createTokens } from "../src/shop/identity/tokens.ts";

// Measures what `authenticate` of the shop costs each request: `node --conditions=source --import tsx bench/token-check.ts`
const ROUNDS = 20_000;
const privateKey = await newTokenKey();
const tokens = createTokens({ loadKeys: async () => ({ privateKey, publicKeys: [publicHalf(privateKey)] }), nowMs: Date.now });
const authenticate = createAuthenticate(tokens);
const noContext = async (): Promise<never> => {
  throw new TypeError("a bearer token asks no context");
};

async function measure(title: string, requests: readonly string[]): Promise<void> {
  const micros: number[] = [];
  for (const token of requests) {
    const request = { authorization: `Bearer ${token}`, connectionParams: undefined } as EdgeRequest;
    const startedAt = performance.now();
    const answer = authenticate(request, noContext);
    if (answer instanceof Promise) await answer;
    micros.push((performance.now() - startedAt) * 1_000);
  }
  micros.sort((one, other) => one - other);
  const at = (share: number): string => (micros[Math.floor(share * (micros.length - 1))] ?? Number.NaN).toFixed(1).padStart(8);
  console.log(`${title.padEnd(34)} ${at(0.5)} us in the median, ${at(0.99)} us at p99, of ${micros.length}`);
}

async function newTokens(count: number): Promise<string[]> {
  const made: string[] = [];
  for (let index = 0; index < count; index++) made.push((await tokens.issue({ kind: "user", id: String(index), roles: ["user"] })).token);
  return made;
}

await measure("warming up", await newTokens(1_000));
await measure("a token that is seen first", await newTokens(2_000));
const users = await newTokens(100);
await measure("first check of 100 more tokens", users);
await measure(
  "a token of one of 100 users",
  Array.from({ length: ROUNDS }, (_, index) => users[index % users.length] ?? ""),
);
