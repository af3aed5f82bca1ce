import { describe, expect, it } from "vitest";
import { isHolonError } from "../../kernel/holon-error.ts";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { StreamGate } from "./stream-gate.ts";

const user = (id: string): Principal => ({ kind: "user", id, roles: [] });

function openGate(userStreamCount: number, addressStreamCount: number) {
  const gate = new StreamGate({ userStreamCount, addressStreamCount, streamRetryMs: 7_000 });
  const places: (() => void)[] = [];
  const take = (principal: Principal, address: string): string => {
    const taken = gate.take(principal, { address });
    if (isHolonError(taken)) return taken.code;
    places.push(taken);
    return "open";
  };
  return { gate, take, places };
}

describe("StreamGate", () => {
  it("counts the streams of a user from all addresses, and those of an address from all users", () => {
    const { take } = openGate(2, 3);
    expect([take(user("a"), "10.0.0.1"), take(user("a"), "10.0.0.2"), take(user("a"), "10.0.0.3")]).toEqual(["open", "open", "TOO_MANY_REQUESTS"]);
    expect([take(ANONYMOUS, "10.0.0.1"), take(user("b"), "10.0.0.1"), take(user("c"), "10.0.0.1"), take(ANONYMOUS, "10.0.0.1")]).toEqual([
      "open",
      "open",
      "TOO_MANY_REQUESTS",
      "TOO_MANY_REQUESTS",
    ]);
  });

  it("counts a network of IPv6 as one address", () => {
    const { take } = openGate(20, 2);
    expect(["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"].map((address) => take(ANONYMOUS, address))).toEqual([
      "open",
      "open",
      "TOO_MANY_REQUESTS",
      "open",
    ]);
  });

  it("takes a place back once, however often it is given back, and keeps nothing of clients without a stream", () => {
    const { gate, take, places } = openGate(1, 2);
    take(user("a"), "10.0.0.1");
    take(user("b"), "10.0.0.1");
    const [first] = places;
    first?.();
    first?.();
    expect([take(user("a"), "10.0.0.1"), take(user("c"), "10.0.0.1")]).toEqual(["open", "TOO_MANY_REQUESTS"]);
    for (const release of places) release();
    expect(gate.size).toBe(0);
  });

  it("takes no place of a user whose address is full, nor of an address whose user is", () => {
    const { gate, take, places } = openGate(1, 1);
    expect([take(user("a"), "10.0.0.1"), take(user("b"), "10.0.0.1"), take(user("a"), "10.0.0.2")]).toEqual([
      "open",
      "TOO_MANY_REQUESTS",
      "TOO_MANY_REQUESTS",
    ]);
    for (const release of places) release();
    expect([gate.size, take(user("b"), "10.0.0.1")]).toEqual([0, "open"]);
  });

  it("names the limit, its variable and when to come back", () => {
    const gate = new StreamGate({ ...DEFAULT_LIMITS, userStreamCount: 0 });
    expect(gate.take(user("a"), { address: "10.0.0.1" })).toMatchObject({
      code: "TOO_MANY_REQUESTS",
      executed: "no",
      message:
        "At most 0 streams of one user are open at once (limit userStreamCount, HOLON_LIMIT_USER_STREAM_COUNT). Close one, or try again later.",
      details: { retryAfterMs: 10_000 },
    });
  });
});
