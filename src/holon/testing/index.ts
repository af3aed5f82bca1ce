// For users: an app under test, in one process or in several.

export { TOPOLOGIES, type Topology } from "./start-topology.ts";
export { type TestApp, type TestAppOptions, type TestCaller, testApp } from "./test-app.ts";
export { createTestDatabase, type TestDatabase } from "./test-database.ts";

// For authors of extensions: what a library that wraps the app under test may have to handle.

export type { InjectedFault } from "./fault-board.ts";
export { DuplicateAnswerError } from "./fault-board.ts";
