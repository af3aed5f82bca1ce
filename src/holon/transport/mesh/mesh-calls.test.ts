import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HolonError } from "../../kernel/index.ts";
import { MeshStage, probeTarget } from "./mesh.testing.ts";

describe("calls over the mesh", () => {
  let stage: MeshStage;
  beforeEach(() => {
    stage = new MeshStage();
  });
  afterEach(() => stage.close());

  it("answers with what the callee answered", async () => {
    const server = await stage.server({ echo: (_scope, input: { text: string }) => ({ text: `${input.text}!` }) });
    const echo = probeTarget(stage.peer(server.port), "echo");
    await expect(echo.invoke(stage.scope(), { text: "ünï\n,\ncode" })).resolves.toEqual({ text: "ünï\n,\ncode!" });
  });

  it("answers nothing with undefined", async () => {
    const server = await stage.server({ nothing: () => undefined });
    await expect(probeTarget(stage.peer(server.port), "nothing").invoke(stage.scope(), undefined)).resolves.toBeUndefined();
  });

  it("brings a declared error with code, message, details and status, without cause and stack of the callee", async () => {
    const server = await stage.server({
      fail: () => {
        throw new HolonError("OUT_OF_STOCK", "Only 3 left.", { details: { available: 3 }, status: 410, cause: new TypeError("inside") });
      },
    });
    const error = await probeTarget(stage.peer(server.port), "fail")
      .invoke(stage.scope(), { code: "x" })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "OUT_OF_STOCK", message: "Only 3 left.", details: { available: 3 }, status: 410, executed: "no" });
    expect((error as Error).cause).toBeUndefined();
  });
});
