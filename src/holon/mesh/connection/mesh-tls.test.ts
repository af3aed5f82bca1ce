import { connect as connectPlain } from "node:net";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MeshServer } from "../callee/mesh-server.ts";
import { eventually } from "../eventually.testing.ts";
import { MeshStage, probeTarget } from "../mesh.testing.ts";
import { TestAuthority } from "./certificates.testing.ts";
import type { MeshTls } from "./mesh-tls.ts";

const authority = new TestAuthority("ours");
const stranger = new TestAuthority("theirs");

describe("TLS between processes", () => {
  let stage: MeshStage;
  let server: MeshServer;
  let entered = 0;
  beforeEach(async () => {
    stage = new MeshStage();
    entered = 0;
    const echo = (_scope: unknown, input: unknown): unknown => {
      entered++;
      return input;
    };
    server = await stage.server({ echo }, { tls: authority.issue() });
  });
  afterEach(() => stage.close());

  const reasonFor = async (tls: MeshTls | undefined, reason: RegExp): Promise<void> => {
    const peer = stage.peer(server.port, { tls });
    await eventually(() => expect(peer.state().reason).toMatch(reason));
    expect(entered).toBe(0);
  };

  it("carries calls, small and large", async () => {
    const peer = stage.peer(server.port, { tls: authority.issue() });
    const text = "x".repeat(1_000_000);
    expect(await Promise.all(["a", text].map((each) => probeTarget(peer, "echo").invoke(stage.scope(), { text: each })))).toEqual([
      { text: "a" },
      { text },
    ]);
  });

  it("refuses a caller without TLS", () => reasonFor(undefined, /ECONNRESET|closed the connection|not HTTP|does not speak/));

  it("refuses a caller whose certificate is of another authority", () =>
    reasonFor(stranger.issue([127, 0, 0, 1], authority), /ECONNRESET|alert|closed/i));

  it("is refused by a caller that trusts another authority", () => reasonFor(authority.issue([127, 0, 0, 1], stranger), /SIGNATURE|CERT|verify/i));

  it("is refused by a caller if the certificate is for another address", async () => {
    await server.close();
    server = await stage.server({}, { tls: authority.issue([10, 0, 0, 1]) });
    await reasonFor(authority.issue(), /ALTNAME/);
  });

  it("refuses a caller without a certificate", async () => {
    const socket = connect({ host: "127.0.0.1", port: server.port, ca: authority.pem });
    await new Promise<void>((resolve) => {
      socket.on("error", () => {});
      socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nhost: x\r\nholon-nonce: BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\r\n\r\n"));
      socket.on("data", () => entered++);
      socket.on("close", () => resolve());
    });
    expect(entered).toBe(0);
  });

  it("answers nothing to a request without TLS", async () => {
    const received: Buffer[] = [];
    const socket = connectPlain(server.port, "127.0.0.1");
    await new Promise<void>((resolve) => {
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      socket.on("close", () => resolve());
      socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    });
    expect(Buffer.concat(received).toString()).not.toContain("holon");
  });
});
