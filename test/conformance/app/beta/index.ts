import type { ContextModule } from "holon";
import type { Probe } from "../../probe.ts";
import { createAccess } from "./access.ts";
import { beta } from "./context.ts";
import { errors } from "./errors.ts";
import { executed } from "./executed.ts";
import { createFeeds } from "./feeds.ts";
import { createKeys } from "./keys.ts";
import { createLive } from "./live.ts";
import { createLoad } from "./load.ts";
import { createRows, rowRules } from "./rows.ts";
import { createSharing } from "./sharing.ts";
import { chain, createTime } from "./time.ts";
import { createTx } from "./tx.ts";

/** The called context. */
export function createBeta(probe: Probe): ContextModule {
  const groups = {
    ...{ errors, chain, executed },
    sharing: createSharing(probe),
    access: createAccess(probe),
    rows: createRows(probe),
    feeds: createFeeds(probe),
    live: createLive(probe),
    keys: createKeys(probe),
    tx: createTx(probe),
    load: createLoad(probe),
    time: createTime(probe),
  };
  return beta.implement({ procedures: beta.procedures(groups), rules: beta.rules({ rows: rowRules }), jobs: beta.jobs({ tell() {} }) });
}
