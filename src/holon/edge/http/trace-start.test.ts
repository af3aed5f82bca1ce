import { describe, expect, it } from "vitest";
import { TraceStart } from "./trace-start.ts";

describe("TraceStart", () => {
  it("gives every request a trace of its own, past the end of its pool too", () => {
    const start = new TraceStart();
    const ids = Array.from({ length: 2_000 }, () => start.from(undefined).traceId);
    expect(new Set(ids).size).toBe(2_000);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });

  it("continues the trace of a header, and begins one if the header is malformed", () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const trace = new TraceStart().from(`00-${traceId}-00f067aa0ba902b7-00`);
    expect(trace).toMatchObject({ traceId, parentSpanId: "00f067aa0ba902b7", sampled: false });
    expect(new TraceStart().from("00-zz").traceId).toMatch(/^[0-9a-f]{32}$/);
  });
});
