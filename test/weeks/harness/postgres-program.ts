/** A program: starts an embedded server in the folder named on its command line, says where it is, and lives as long as the process that started it. */
import { startEmbeddedPostgres } from "../../../src/holon/dev/postgres/embedded-postgres.ts";

process.once("disconnect", () => process.exit());
const { url } = await startEmbeddedPostgres({ folder: process.argv[2] as string, durable: false, autovacuum: false });
process.send?.(url);
