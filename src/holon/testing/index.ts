// For users: an app under test, in one process or in several.

export { TOPOLOGIES, type Topology } from "./start-topology.ts";
export { type TestApp, type TestAppOptions, type TestCaller, testApp } from "./test-app.ts";
export { createTestDatabase, type TestDatabase } from "./test-database.ts";

// For authors of extensions: the types that a library may have to handle if it wraps an app under test.

export type { InjectedFault } from "./fault-board.ts";
export { DuplicateAnswerError } from "./fault-board.ts";
