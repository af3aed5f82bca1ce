import type { Guard } from "./guard.ts";

const KEYS = "src/holon/data/idempotency/idempotency-keys.ts";
const JOURNAL = "src/holon/data/migrate/migration-journal.ts";
const FIRST_ADMIN = "src/shop/contexts/users/first-admin.ts";

/** Guards of transactions, keys and migrations: P1, P13, P28 and P29. */
export const GUARDS_OF_DATA: readonly Guard[] = [
  {
    of: "P1",
    takenOut: "the transaction around the statements of a handler",
    edits: [{ file: "src/holon/data/transaction/transaction-runner.ts", from: "return `begin${timeout}", to: "return `select 1${timeout}" }],
    test: "src/holon/data/context-data.test.ts",
    only: "keeps nothing if its work throws",
  },
  {
    of: "P13",
    takenOut: "the effect is written only if the row of its idempotency key could be inserted (`runIn`)",
    edits: [{ file: KEYS, from: "if (entered.length === 0) {", to: "if (false) {" }],
    test: "src/holon/data/idempotency/idempotency-keys.test.ts",
    only: "happens once, and every later call",
  },
  {
    of: "P13",
    takenOut: "the row of a key has the hash of its request, and the edge does not wait for a key in flight",
    edits: [{ file: KEYS, from: "if (row.request_hash !== key.requestHash)", to: "if (false)" }],
    test: "src/holon/data/idempotency/idempotency-keys.test.ts",
    only: "another input",
  },
  {
    of: "P13",
    takenOut: "the row of a key has the hash of its request, and the edge does not wait for a key in flight",
    edits: [{ file: "src/holon/pipeline/compile-run.ts", from: 'wait: caller !== "edge"', to: "wait: true" }],
    test: "test/bad-input/sequences.test.ts",
    only: "together by trpc a key whose call is running",
  },
  {
    of: "old beside new",
    takenOut: "a request has the same hash in all versions: the hash of the input as the caller sent it (`requestHash`, `inputHash`)",
    edits: [{ file: "src/holon/data/idempotency/key-claim.ts", from: "return requestHash(given);", to: "return requestHash(parsed);" }],
    test: "src/holon/data/idempotency/request-hash.test.ts",
  },
  {
    of: "P28",
    takenOut: "newer migrations that are not compatible stop the start (`letThrough`)",
    edits: [{ file: JOURNAL, from: "if (stopping.length > 0) throw", to: "if (false) throw" }],
    test: "src/holon/data/migrate/migrate-versions.test.ts",
    only: "is refused, with the names and the cure",
  },
  {
    of: "old beside new",
    takenOut: "compatible migrations let an old version start, and other migrations do not (`letThrough`)",
    edits: [{ file: JOURNAL, from: "if (stopping.length > 0) throw", to: "throw" }],
    test: "src/holon/data/migrate/migrate-versions.test.ts",
    only: "starts with a warning",
  },
  {
    of: "P28",
    takenOut: "the journal has the order of the files (`pendingMigrations`)",
    edits: [
      { file: JOURNAL, from: "if (row.name !== migration.name) throw outOfOrder(context, known, migration, row);", to: "" },
      { file: JOURNAL, from: "if (row.hash !== migration.hash)", to: "if (row.name === migration.name && row.hash !== migration.hash)" },
    ],
    test: "src/holon/data/migrate/migrate-versions.test.ts",
    only: "another line",
  },
  {
    of: "P28",
    takenOut: "journal rows that an older version did not judge are judged (`MigrationJournal.judge`)",
    edits: [{ file: JOURNAL, from: "if (!this.#judges) return;", to: "return;" }],
    test: "src/holon/data/migrate/migrate-versions.test.ts",
    only: "a journal that was made before",
  },
  {
    of: "P28",
    takenOut: "a change that is not in the list of additions is not compatible (`StatementJudge`)",
    edits: [
      {
        file: "src/holon/data/migrate/compatibility.ts",
        from: "return reader.takeOne(HARMLESS) === undefined ? CHANGES : undefined;",
        to: "return undefined;",
      },
    ],
    test: "src/holon/data/migrate/compatibility.test.ts",
  },
  {
    of: "P29",
    takenOut: "the row that says that the first admin was made (`makeFirstAdmin`)",
    edits: [
      { file: FIRST_ADMIN, from: '(await wasMade(ctx)) ? "made before" : await make(ctx, admin)', to: "await make(ctx, admin)" },
      { file: FIRST_ADMIN, from: "noted.length === 0 || (await hasAdmin(tx))", to: "await hasAdmin(tx)" },
    ],
    test: "src/shop/contexts/users/first-admin.test.ts",
    only: "is not made again after it was removed",
  },
  {
    of: "P29",
    takenOut: "the row of the first admin is written in the transaction that makes the account",
    edits: [
      {
        file: FIRST_ADMIN,
        from: "await tx.db.insert(tables.firstAdmin).values({}).onConflictDoNothing().returning({ id: tables.firstAdmin.id })",
        to: "[true]",
      },
      {
        file: FIRST_ADMIN,
        from: 'if (outcome === "made") ctx',
        to: 'if (outcome === "made") await ctx.transaction((tx) => tx.db.insert(tables.firstAdmin).values({}).onConflictDoNothing());\n  if (outcome === "made") ctx',
      },
    ],
    test: "src/shop/contexts/users/first-admin.test.ts",
    only: "is one, when",
  },
];
