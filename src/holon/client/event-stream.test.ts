import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventStreamReader } from "./event-stream.ts";

const read = (...pieces: string[]) => {
  const reader = new EventStreamReader("", 100);
  return pieces.flatMap((piece) => reader.read(piece));
};

describe("a reader of an event stream", () => {
  test("joins the data of an event and keeps the last id", () => {
    expect(read("event: a\ndata: 1\ndata:2\nid: 7\n\ndata: 3\n\n")).toEqual([
      { type: "a", data: "1\n2", lastEventId: "7" },
      { type: "message", data: "3", lastEventId: "7" },
    ]);
  });

  test("passes over comments, unknown fields, and events without data", () => {
    expect(read(": ping\n\nretry: 5\nevent: x\n\ndata\n\n")).toEqual([{ type: "message", data: "", lastEventId: "" }]);
  });

  test("reads the same however the text is cut, with each kind of line end", () => {
    const text = "data: a\r\n\r\nid: 1\rdata: b\r\rdata: c\n\n";
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        const bounds = [0, ...cuts.sort((one, two) => one - two), text.length];
        expect(read(...bounds.slice(1).map((end, index) => text.slice(bounds[index], end)))).toEqual(read(text));
      }),
    );
    expect(read(text).map((event) => event.data)).toEqual(["a", "b", "c"]);
  });

  // A reader that searches all its text again for each piece would take hours here.
  test("reads a long line that comes in small pieces, each piece once", () => {
    const reader = new EventStreamReader("", 5_000_000);
    expect(reader.read("data: ")).toEqual([]);
    for (let index = 0; index < 70_000; index++) reader.read("x".repeat(64));
    expect(reader.read("\n\n")).toEqual([{ type: "message", data: "x".repeat(70_000 * 64), lastEventId: "" }]);
  });

  test("refuses an event that does not end", () => {
    expect(() => read("data:\n".repeat(101), "x")).toThrow(/longer than 100/);
    expect(() => read("data: ", "x".repeat(101))).toThrow(/longer than 100/);
    expect(() => read("data: 1\n".repeat(99), `data: ${"x".repeat(50)}`)).toThrow(/longer than 100/);
  });
});
