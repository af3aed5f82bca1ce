/** A program that starts an embedded server in the folder of its first argument, prints its address, and lives as long as its parent process. */
import { startEmbeddedPostgres } from "../../../src/holon/dev/postgres/embedded-postgres.ts";

process.once("disconnect", () => process.exit());
const { url } = await startEmbeddedPostgres({ folder: process.argv[2] as string, durable: false, autovacuum: false });
process.send?.(url);
