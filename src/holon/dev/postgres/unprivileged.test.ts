import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openCluster } from "./cluster.ts";
import { asUnprivileged, findPostgresBinaries } from "./postgres-binaries.ts";
import { startServerProcess } from "./server-process.ts";

describe.runIf(process.getuid?.() === 0)("as root without user namespaces", () => {
  it("the server runs as user 65534, which owns its data", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "holon-nobody-"));
    await chmod(folder, 0o711);
    const binaries = findPostgresBinaries();
    const who = asUnprivileged(binaries);
    const cluster = await openCluster(folder, binaries, who, false);
    const server = await startServerProcess({ folder, cluster, binaries, who, port: 0, durable: false, autovacuum: false });
    const owners = [(await stat(`/proc/${server.pid}`)).uid, (await stat(cluster.data)).uid];
    server.process.stop();
    await server.process.ended;
    await rm(folder, { recursive: true, force: true });
    expect(owners).toEqual([65_534, 65_534]);
  });
});
