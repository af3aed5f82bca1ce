export { DuplicateAnswerError } from "./duplicating-target.ts";
export type { InjectedFault } from "./fault-board.ts";
export { TOPOLOGIES, type Topology } from "./start-topology.ts";
export { type TestApp, type TestAppOptions, type TestCaller, testApp } from "./test-app.ts";
export { createTestDatabase, type TestDatabase } from "./test-database.ts";
