/** A program for fault tests: migrates the context `orders` with the database and folder of its command line, and reports the result. */
import { migrate } from "./migrate.ts";

const [url, folder] = process.argv.slice(2) as [string, string];
try {
  process.stdout.write(`${JSON.stringify(await migrate({ url, context: "orders", folder }))}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failed: String(error) })}\n`);
}
