import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { FrameWriter } from "./frame-writer.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("FrameWriter", () => {
  it("joins the frames of a tick into one write", async () => {
    const writes: string[] = [];
    const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void writes.push(chunk.toString())) as void });
    const writer = new FrameWriter(stream);
    writer.send("[1],\n");
    writer.send("[2],\n");
    await nextTurn();
    writer.send("[3],\n");
    await nextTurn();
    expect(writes).toEqual(["[1],\n[2],\n", "[3],\n"]);
  });

  it("writes what is not ASCII as UTF-8", async () => {
    const stream = new PassThrough();
    new FrameWriter(stream).send('["é🎲ÿ"],\n');
    await nextTurn();
    expect((stream.read() as Buffer).toString("utf8")).toBe('["é🎲ÿ"],\n');
  });

  it("counts the frames that were handed to the stream", async () => {
    const writer = new FrameWriter(new PassThrough());
    writer.send("[1],\n");
    await nextTurn();
    writer.send("[2],\n");
    expect([writer.flushed, writer.queued]).toEqual([1, 2]);
  });

  it("counts the bytes that wait here and in the stream", async () => {
    const writer = new FrameWriter(new PassThrough({ highWaterMark: 1 }));
    writer.send("12345");
    await nextTurn();
    writer.send("678");
    expect(writer.backlogBytes).toBe(8);
  });

  it("drops frames for a stream that has ended", async () => {
    const stream = new PassThrough();
    stream.destroy();
    const writer = new FrameWriter(stream);
    writer.send("[1],\n");
    await nextTurn();
    expect([writer.backlogBytes, writer.flushed]).toEqual([0, 0]);
  });
});
