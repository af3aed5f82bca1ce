import { describe, expect, it } from "vitest";
import { type CalleeHello, type CallerHello, parseCalleeHello, parseCallerHello, toHelloFrame } from "./hello.ts";

const caller: CallerHello = { process: "orders-1", callers: ["orders"], frameBytes: 1000, procedures: { "catalog.get": "abc" } };
const callee: CalleeHello = { process: "catalog-1", contexts: ["catalog"], frameBytes: 1000, procedures: [{ path: "catalog.get", hash: "abc" }] };

const arrived = (hello: CallerHello | CalleeHello): unknown[] => JSON.parse(toHelloFrame(hello).slice(0, -2)) as unknown[];

describe("greetings", () => {
  it("arrive as they were sent", () => {
    expect(parseCallerHello(arrived(caller))).toEqual(caller);
    expect(parseCalleeHello(arrived(callee))).toEqual(callee);
  });

  it("may lack features, and have members that are unknown here", () => {
    expect(parseCallerHello([11, { ...caller, mood: "good" }, "and more"])).toMatchObject(caller);
    expect(parseCalleeHello([11, { ...callee, features: ["a", "b"], mood: "good" }])).toMatchObject({ ...callee, features: ["a", "b"] });
  });

  it.each([
    ["another frame", [0, caller]],
    ["no body", [11]],
    ["no process", [11, { ...caller, process: 1 }]],
    ["callers that are not texts", [11, { ...caller, callers: [1] }]],
    ["procedures without a hash", [11, { ...caller, procedures: { "catalog.get": null } }]],
    ["a limit below one", [11, { ...caller, frameBytes: 0 }]],
    ["features that are not a list", [11, { ...caller, features: "all" }]],
    ["features that are not texts", [11, { ...caller, features: [1] }]],
    ["a name that is not well-formed Unicode", [11, { ...caller, process: "\ud800" }]],
    ["a name of 301 characters", [11, { ...caller, process: "x".repeat(301) }]],
    ["more than 1000 callers", [11, { ...caller, callers: Array.from({ length: 1_001 }, String) }]],
    ["no limit", [11, { ...caller, frameBytes: "many" }]],
  ])("of a caller are refused with %s", (_name, frame) => {
    expect(parseCallerHello(frame)).toBeUndefined();
  });

  it.each([
    ["procedures that are not a list", [11, { ...callee, procedures: {} }]],
    ["a procedure without a path", [11, { ...callee, procedures: [{ hash: "abc" }] }]],
    ["contexts that are not texts", [11, { ...callee, contexts: [null] }]],
  ])("of a callee are refused with %s", (_name, frame) => {
    expect(parseCalleeHello(frame)).toBeUndefined();
  });
});
