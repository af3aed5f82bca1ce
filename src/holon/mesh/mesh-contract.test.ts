import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, query } from "../contract/index.ts";
import { createMemoryLogger, MeshStage } from "./mesh.testing.ts";

const get = (output: z.ZodType) => query({ access: "public", input: z.object({ id: z.string() }), output });
const older = contract("shelf", { procedures: { get: get(z.object({ price: z.string() })), name: get(z.string()), removed: get(z.string()) } });
const newer = contract("shelf", { procedures: { get: get(z.object({ price: z.int() })), name: get(z.string()) } });

describe("contracts of two versions", () => {
  let stage: MeshStage;
  beforeEach(() => {
    stage = new MeshStage();
  });
  afterEach(() => stage.close());

  const connect = async () => {
    const memory = createMemoryLogger();
    const server = await stage.server({ get: () => ({ price: 5 }), name: () => "Chai" }, { contract: newer, contexts: ["shelf"] });
    const peer = stage.peer(server.port, { contracts: [older], log: memory.log });
    const invoke = (name: keyof typeof older.procedures) =>
      peer.target("shelf", `shelf.${name}`, older.procedures[name]).invoke(stage.scope(), { id: "1" });
    return { invoke, peer, memory };
  };

  it("fail a procedure that differs with CONTRACT_MISMATCH, naming both versions", async () => {
    const { invoke } = await connect();
    await expect(invoke("get")).rejects.toMatchObject({
      code: "CONTRACT_MISMATCH",
      executed: "no",
      message: expect.stringMatching(/shelf\.get is version [0-9a-f]+ here and version [0-9a-f]+ in callee-1/) as unknown,
    });
  });

  it("answer the procedures that are the same", async () => {
    const { invoke } = await connect();
    await expect(invoke("name")).resolves.toBe("Chai");
  });

  it("fail a procedure that the callee does not have", async () => {
    const { invoke } = await connect();
    await expect(invoke("removed")).rejects.toMatchObject({
      code: "CONTRACT_MISMATCH",
      message: expect.stringContaining("does not offer shelf.removed") as unknown,
    });
  });

  it("are logged when the connection is made", async () => {
    const { peer, memory } = await connect();
    await peer.ready();
    expect(memory.lines.filter((line) => line.level === "error").map((line) => line.fields.code)).toEqual(["CONTRACT_MISMATCH", "CONTRACT_MISMATCH"]);
  });

  it("fail with UNAVAILABLE if the process does not host the context at all", async () => {
    const server = await stage.server({});
    const peer = stage.peer(server.port, { contracts: [older] });
    await expect(peer.target("shelf", "shelf.name", older.procedures.name).invoke(stage.scope(), { id: "1" })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "callee-1 does not host the context shelf.",
    });
  });
});
