import { describe, expect, it } from "vitest";
import { CALL_BUCKETS_SECONDS, CallMetrics, CallSeries } from "./call-metrics.ts";
import { createMetrics } from "./metrics.ts";

const labels = { procedure: "catalog.get", caller: "orders", transport: "local" };
const open = () => new CallMetrics({ procedures: ["catalog.get"], callers: ["orders"] });

describe("CallSeries", () => {
  it.each([...CALL_BUCKETS_SECONDS.entries()])("puts a call into bucket %i up to its bound of %f s, and past it into the next", (index, bound) => {
    const series = new CallSeries(labels);
    series.record(bound * 1000, undefined);
    series.record(bound * 1000 * 1.000001, undefined);
    expect([series.buckets[index], series.buckets[index + 1]]).toEqual([1, 1]);
  });

  it.each([
    [0, 0],
    [-1, 0],
    [1e-9, 0],
    [3_600_000, 20],
    [1e15, 20],
  ])("takes %f ms too", (durationMs, bucket) => {
    const series = new CallSeries(labels);
    series.record(durationMs, undefined);
    expect(series.buckets[bucket]).toBe(1);
  });

  it("counts calls by code, up to a fixed number of different codes", () => {
    const series = new CallSeries(labels);
    series.record(1, undefined);
    for (let index = 0; index < 1_000; index++) series.record(1, `CODE_${index}`);
    const codes = new Map(series.codes());
    expect([codes.get("OK"), codes.get("CODE_3"), codes.get("OTHER"), codes.size]).toEqual([1, 1, 936, 66]);
  });
});

describe("CallMetrics", () => {
  it("returns the same series for the same labels, and one series for all names that were not declared", () => {
    const metrics = open();
    expect(metrics.series({ ...labels })).toBe(metrics.series(labels));
    for (let index = 0; index < 100_000; index++) metrics.series({ procedure: `random.${index}`, caller: `x${index}`, transport: `y${index}` });
    expect(metrics.size).toBe(2);
  });

  it("is scraped as a histogram and a counter", async () => {
    const metrics = open();
    metrics.series(labels).record(1.5, undefined);
    metrics.series(labels).record(100_000, "OUT_OF_STOCK");
    const text = await createMetrics({ calls: metrics, processMetrics: false }).text();
    const own = '{procedure="catalog.get",caller="orders",transport="local"';
    expect(text).toContain("# TYPE holon_call_duration_seconds histogram");
    expect(text).toContain("# TYPE holon_calls_total counter");
    expect(text).toContain(`holon_call_duration_seconds_bucket${own},le="0.001"} 0`);
    expect(text).toContain(`holon_call_duration_seconds_bucket${own},le="0.002"} 1`);
    expect(text).toContain(`holon_call_duration_seconds_bucket${own},le="32.768"} 1`);
    expect(text).toContain(`holon_call_duration_seconds_bucket${own},le="+Inf"} 2`);
    expect(text).toContain(`holon_call_duration_seconds_sum${own}} 100.0015`);
    expect(text).toContain(`holon_call_duration_seconds_count${own}} 2`);
    expect(text).toContain(`holon_calls_total${own},code="OK"} 1`);
    expect(text).toContain(`holon_calls_total${own},code="OUT_OF_STOCK"} 1`);
  });
});
