import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { testLimits, useTestDatabase } from "../database.testing.ts";
import { type ConnectionOptions, PoolConnection } from "./pool-connection.ts";

const place = useTestDatabase();

const options = (url: string): ConnectionOptions => ({ url, role: undefined, applicationName: "test", limits: testLimits() });

describe("the opening of a connection that a signal can stop", () => {
  it("leaves no listener on the signal, whether it succeeds or fails", async () => {
    const { signal } = new AbortController();
    await expect(PoolConnection.open(options("postgres://nobody@127.0.0.1:1/none"), 0, () => {}, signal)).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const connection = await PoolConnection.open(options(place.database.url), 0, () => {}, signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await connection.close(1_000);
  });

  it("is refused with the signal's reason, at once or while it connects", async () => {
    const reason = new RangeError("no more");
    await expect(PoolConnection.open(options(place.database.url), 0, () => {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    const stopping = new AbortController();
    const opening = PoolConnection.open(options(place.database.url), 0, () => {}, stopping.signal);
    stopping.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(getEventListeners(stopping.signal, "abort")).toHaveLength(0);
  });
});
