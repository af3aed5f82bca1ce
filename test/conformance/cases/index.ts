import type { Topic } from "../case.ts";
import { ACCESS } from "./access.ts";
import { DEADLINES } from "./deadlines.ts";
import { ERRORS } from "./errors.ts";
import { EXECUTED } from "./executed.ts";
import { KEYS } from "./keys.ts";
import { LIVE } from "./live.ts";
import { LOAD } from "./load.ts";
import { PRINCIPALS } from "./principals.ts";
import { SHARING } from "./sharing.ts";
import { STREAMS } from "./streams.ts";
import { TRANSACTIONS } from "./transactions.ts";
import { VALUES } from "./values.ts";

/** All cases. */
export const TOPICS: readonly Topic[] = [
  ...VALUES,
  ...SHARING,
  ...ERRORS,
  ...ACCESS,
  ...PRINCIPALS,
  ...DEADLINES,
  ...STREAMS,
  ...LIVE,
  ...KEYS,
  ...TRANSACTIONS,
  ...EXECUTED,
  ...LOAD,
];
