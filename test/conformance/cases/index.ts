import type { Topic } from "../case.ts";
import { VALUES } from "./values.ts";

/** All cases. */
export const TOPICS: readonly Topic[] = [...VALUES];
