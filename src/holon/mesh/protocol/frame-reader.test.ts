import { describe, expect, it } from "vitest";
import { FrameFault, FrameReader } from "./frame-reader.ts";

const bytes = (...frames: readonly unknown[]): Buffer => Buffer.from(frames.map((frame) => `${JSON.stringify(frame)},\n`).join(""));

/** The frames that a reader makes of chunks. A fault is an item too. */
function readAll(reader: FrameReader, chunks: readonly Buffer[]): unknown[] {
  return chunks.flatMap<unknown>((chunk) => {
    const read = reader.read(chunk);
    return read instanceof FrameFault ? [read] : [...read];
  });
}

describe("FrameReader", () => {
  it("reads all frames of a chunk in order", () => {
    expect(new FrameReader(1000).read(bytes([0, "a"], [1, "b"]))).toEqual([
      [0, "a"],
      [1, "b"],
    ]);
  });

  it("reads the same frames for every cut into chunks, inside characters too", () => {
    const frames = [
      [0, "plain"],
      [1, "ünïcödé 🎲"],
      [2, ",\n in a string"],
    ];
    const whole = bytes(...frames);
    for (let cut = 1; cut < whole.length; cut++) {
      const reader = new FrameReader(1000);
      expect(readAll(reader, [whole.subarray(0, cut), whole.subarray(cut)])).toEqual(frames);
    }
  });

  it("puts together a frame that comes byte by byte", () => {
    const reader = new FrameReader(1000);
    const single = [...bytes([3, "slowly"])].map((byte) => Buffer.of(byte));
    expect(readAll(reader, single)).toEqual([[3, "slowly"]]);
  });

  it("counts the bytes of an unfinished frame", () => {
    const reader = new FrameReader(1000);
    reader.read(Buffer.from('[0,"x"],\n[1,"y'));
    expect(reader.unfinishedBytes).toBe(5);
  });

  it("takes a frame of exactly the limit", () => {
    const frame = bytes([0, "x".repeat(50)]);
    expect(new FrameReader(frame.length).read(frame)).toHaveLength(1);
  });

  it("refuses a frame over the limit before it is whole", () => {
    const reader = new FrameReader(100);
    expect(reader.read(Buffer.alloc(60, "x"))).toEqual([]);
    expect(reader.read(Buffer.alloc(60, "x"))).toMatchObject({ reason: expect.stringContaining("frameBytes") as unknown });
  });

  it("refuses a whole frame over the limit among small ones", () => {
    expect(new FrameReader(30).read(bytes([0, "a"], [1, "b".repeat(40)], [2, "c"]))).toBeInstanceOf(FrameFault);
  });

  it("takes small frames that are together over the limit", () => {
    expect(new FrameReader(30).read(bytes([0, "aaaaaaaaaa"], [1, "bbbbbbbbbb"], [2, "cccccccccc"]))).toHaveLength(3);
  });

  it.each([
    ["no JSON", Buffer.from("hello\r\n")],
    ["an object", Buffer.from('{"a":1},\n')],
    ["an array without a kind", Buffer.from('["a"],\n')],
    ["a bare number", Buffer.from("5,\n")],
    ["no UTF-8", Buffer.from([0x5b, 0x30, 0x2c, 0x22, 0xff, 0xfe, 0x22, 0x5d, 0x2c, 0x0a])],
    ["two values without a comma", Buffer.from("[0]\n[1]\n")],
  ])("refuses %s", (_name, chunk) => {
    expect(new FrameReader(1000).read(chunk)).toBeInstanceOf(FrameFault);
  });
});
