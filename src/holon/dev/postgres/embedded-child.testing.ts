/** A program for fault tests: it starts an embedded server in the folder named on its command line, reports that on its output, and keeps running. */
import { startEmbeddedPostgres } from "./embedded-postgres.ts";

try {
  const server = await startEmbeddedPostgres({ folder: process.argv[2] as string, durable: false });
  process.stdout.write(`${JSON.stringify({ url: server.url, port: server.port, pid: server.pid })}\n`);
  setInterval(() => {}, 1_000);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ refused: error })}\n`);
}
