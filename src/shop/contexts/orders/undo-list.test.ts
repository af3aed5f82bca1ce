import { catalogueError, type Logger } from "holon";
import { describe, expect, test } from "vitest";
import { createUndoList } from "./undo-list.ts";

const logged: string[] = [];
const log: Logger = { debug() {}, info() {}, warn() {}, error: (_, message) => void logged.push(message), child: () => log };

const failing = (code: "UNAVAILABLE" | "BAD_REQUEST") => async (): Promise<never> => {
  throw catalogueError(code, "no");
};

describe("an undo list", () => {
  test("undoes the last step first", async () => {
    const undone: string[] = [];
    const list = createUndoList();
    for (const name of ["reserve", "charge"]) await list.run({ name, run: async () => {}, undo: async () => undone.push(name) });
    await list.undo(log);
    expect(undone).toEqual(["charge", "reserve"]);
  });

  test("undoes a step whose answer was lost, and leaves one alone that was refused", async () => {
    const undone: string[] = [];
    const list = createUndoList();
    await list.run({ name: "lost", run: failing("UNAVAILABLE"), undo: async () => undone.push("lost") }).catch(() => {});
    await list.run({ name: "refused", run: failing("BAD_REQUEST"), undo: async () => undone.push("refused") }).catch(() => {});
    await list.undo(log);
    expect(undone).toEqual(["lost"]);
  });

  test("goes on after an undo that fails, and says so", async () => {
    const undone: string[] = [];
    const list = createUndoList();
    await list.run({ name: "reserve", run: async () => {}, undo: async () => undone.push("reserve") });
    await list.run({ name: "charge", run: async () => {}, undo: failing("UNAVAILABLE") });
    await list.undo(log);
    expect([undone, logged.length]).toEqual([["reserve"], 1]);
  });
});
