import { createLogger } from "../observe/logger.ts";
import type { App } from "../process/app/define-app.ts";
import { ConfigurationError } from "../process/plan/configuration-error.ts";
import type { Plan } from "../process/plan/plan.ts";
import { type MakeRunAlone, serveJobAlone } from "../process/start/start-process.ts";
import { createRunAlone } from "../work/jobs/run-alone.ts";
import { logUnhandled } from "./crash-log.ts";

/** Starts this program again for each job that runs alone. The child process belongs to the same app: it gets the app's secret and database. */
export const runAloneInChild: MakeRunAlone = ({ secret, databaseUrl }) =>
  createRunAlone({
    program: process.argv[1] as string,
    args: ["alone"],
    execArgv: process.execArgv,
    env: { ...process.env, HOLON_SECRET_FILE: undefined, HOLON_SECRET: secret, ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) },
  });

/** Runs the one job for which this child process was started. Errors: ConfigurationError if no parent process started this process. */
export async function runAloneCommand(app: App, plan: Plan): Promise<void> {
  if (process.channel === undefined) {
    throw new ConfigurationError([{ variable: "command", problem: "alone is started by a process of the app itself", cure: "Use start." }]);
  }
  const log = createLogger({ name: plan.name, level: plan.logLevel });
  await serveJobAlone({ app: logUnhandled(app, plan, log), plan, log }, process);
}
