import type { Migration } from "./migration.ts";
import { excerptOf, hasWords, type SqlToken, StatementReader, sqlTokens } from "./statement-reader.ts";

const MARK = /^holon:(.*)$/i;
const SAYS_NOT = /^not compatible\b[\s:]*(|[^\s:].*)$/i;
const SAYS_COMPATIBLE = /^compatible\b[\s:]*([^\s:].*)$/i;
const NO_TRANSACTION = /^no-transaction$/i;

/**
 * Why a version that does not have this migration cannot work with the tables as the migration leaves them; empty if it can.
 *
 * The file may decide: `-- holon: not compatible: <why>`, or `-- holon: compatible: <why>`. If it has no such mark, its statements decide: a migration that
 * only adds is compatible. A mark that cannot be read never makes a migration compatible.
 */
export function incompatibilitiesOf({ statements }: Migration): readonly string[] {
  const texts = statements.map(sqlTokens);
  const marks = texts.flatMap(({ comments }) => comments).flatMap((comment) => MARK.exec(comment)?.[1]?.trim() ?? []);
  const said = marks.flatMap((mark) => {
    const no = SAYS_NOT.exec(mark);
    if (no !== null) return [no[1] || "its file says so"];
    return SAYS_COMPATIBLE.test(mark) || NO_TRANSACTION.test(mark) ? [] : [`its mark "holon: ${mark}" is not known, or gives no reason`];
  });
  if (said.length > 0 || marks.some((mark) => SAYS_COMPATIBLE.test(mark))) return said;
  const judge = new StatementJudge();
  return texts.flatMap((text) => text.statements).flatMap((statement) => judge.judge(statement));
}

const CHANGES = "it changes or removes what is there";
const NARROWS = "it refuses rows that were accepted before";

/** Words that may stand between `create` and the kind of object. */
const MODIFIERS = ["unlogged", "temporary", "temp", "recursive", "foreign", "materialized"];

/** Objects that may be added. Triggers, rules and policies are left out: they change what statements of older versions do. */
const MADE = ["sequence", "type", "domain", "schema", "extension", "view", "function", "procedure", "aggregate", "collation", "statistics"];

/** Statements that change neither rows nor tables. */
const HARMLESS = ["comment", "grant", "analyze", "vacuum", "reindex", "set", "reset"];

/** Changes that an existing column may have. */
const HARMLESS_TO_COLUMN = ["set default", "set statistics", "set storage", "set compression"];

const CONSTRAINTS = ["constraint", "primary key", "unique", "check", "foreign key", "exclude", "not null"];

/** Words in the definition of a column by which it gets a value even if an insert does not set it. */
const FILLING = ["default", "generated", "serial", "bigserial", "smallserial"];

/** Clauses of a reference. With one of them a referenced row can still be deleted: Postgres then removes the rows or values that refer to it. */
const LETTING_GO = ["on delete cascade", "on delete set null", "on delete set default"];

/**
 * Judges the statements of one migration, in order, by a list of statements that only add. A statement that is not on the list counts as a change.
 *
 * It remembers the tables and columns that the migration itself made: no older version writes or reads them.
 */
class StatementJudge {
  readonly #tables = new Set<string>();
  /** By `<table> <column>`: whether the column gets a value in rows of older versions, which do not set it. */
  readonly #columns = new Map<string, boolean>();

  /** Why versions that do not have this statement cannot work with the tables as the statement leaves them; empty if the statement only adds. */
  judge(tokens: readonly SqlToken[]): readonly string[] {
    const reader = new StatementReader(tokens);
    if (reader.take("alter table")) return this.#alterTable(reader);
    const reason = this.#reasonOf(reader);
    return reason === undefined ? [] : [`${excerptOf(tokens)}: ${reason}`];
  }

  #reasonOf(reader: StatementReader): string | undefined {
    if (reader.take("create")) return this.#create(reader);
    if (reader.take("alter type")) return reader.takeName() !== undefined && reader.take("add value") ? undefined : CHANGES;
    if (reader.take("insert into")) return this.#insert(reader);
    if (reader.take("update")) return this.#update(reader);
    if (reader.takeOne(["delete from", "truncate table", "truncate"]) !== undefined) return this.#empty(reader);
    return reader.takeOne(HARMLESS) === undefined ? CHANGES : undefined;
  }

  #create(reader: StatementReader): string | undefined {
    if (reader.take("unique index")) return this.#uniqueIndex(reader);
    if (reader.take("index")) return undefined;
    reader.takeOne(MODIFIERS);
    if (!reader.take("table")) return reader.takeOne(MADE) === undefined ? CHANGES : undefined;
    reader.take("if not exists");
    const table = reader.takeName();
    if (table !== undefined) this.#tables.add(table);
    reader.skipTo("(");
    return firstOf(reader.takeGroup().parts(), (column) => this.#references(column));
  }

  #uniqueIndex(reader: StatementReader): string | undefined {
    reader.take("concurrently");
    reader.take("if not exists");
    if (!reader.take("on")) {
      reader.takeName();
      reader.take("on");
    }
    reader.take("only");
    const table = reader.takeName() ?? "";
    reader.skipTo("(");
    return this.#isOwn(table) || this.#isUniqueOfNothing(table, reader) ? undefined : NARROWS;
  }

  /** Whether the index includes a new column that is null in the rows of older versions. Nulls are never equal, so such rows never collide. */
  #isUniqueOfNothing(table: string, reader: StatementReader): boolean {
    const columns = reader.takeGroup().parts();
    const isNull = (column: readonly SqlToken[]): boolean => column.length === 1 && this.#isFilled(table, column) === false;
    return columns.some(isNull) && !hasWords(reader.rest(), "nulls not distinct");
  }

  #isFilled(table: string, column: readonly SqlToken[]): boolean | undefined {
    return this.#columns.get(`${table} ${new StatementReader(column).takeName()}`);
  }

  #alterTable(reader: StatementReader): readonly string[] {
    reader.take("if exists");
    reader.take("only");
    const table = reader.takeName() ?? "";
    return reader.parts().flatMap((action) => {
      const reason = this.#alter(table, action);
      return reason === undefined ? [] : [`alter table ${table} ${excerptOf(action)}: ${reason}`];
    });
  }

  #alter(table: string, action: readonly SqlToken[]): string | undefined {
    const reader = new StatementReader(action);
    const own = this.#isOwn(table);
    if (reader.take("validate constraint")) return undefined;
    if (reader.take("add")) {
      const constraint = reader.takeOne(CONSTRAINTS);
      if (constraint === undefined) return this.#addColumn(table, reader);
      return own || this.#isOfNewColumns(table, constraint, reader) ? this.#references(action) : NARROWS;
    }
    if (!reader.take("alter")) return CHANGES;
    if (reader.take("constraint")) return CHANGES;
    reader.take("column");
    reader.takeName();
    return own || reader.takeOne(HARMLESS_TO_COLUMN) !== undefined ? undefined : CHANGES;
  }

  #addColumn(table: string, reader: StatementReader): string | undefined {
    reader.take("column");
    reader.take("if not exists");
    const column = reader.takeName() ?? "";
    const definition = reader.rest();
    const isFilled = FILLING.some((word) => hasWords(definition, word));
    this.#columns.set(`${table} ${column}`, isFilled);
    if (this.#isOwn(table)) return this.#references(definition);
    if (hasWords(definition, "primary key") || (hasWords(definition, "unique") && isFilled)) return NARROWS;
    if (hasWords(definition, "not null") && !isFilled) return "rows without the new column are refused";
    return this.#references(definition);
  }

  /** Whether rows that older versions write always meet the constraint, because its columns are new and null in such rows. */
  #isOfNewColumns(table: string, kind: string, reader: StatementReader): boolean {
    if (kind === "constraint") reader.takeName();
    if (kind === "unique" || reader.take("unique")) return !reader.take("nulls not distinct") && this.#isUniqueOfNothing(table, reader);
    if (kind !== "foreign key" && !reader.take("foreign key")) return false;
    return reader
      .takeGroup()
      .parts()
      .every((column) => this.#isFilled(table, column) === false);
  }

  /** The problem of a new reference: older versions could not delete the referenced rows any more. Undefined if they can. */
  #references(tokens: readonly SqlToken[]): string | undefined {
    const at = tokens.findIndex(({ kind, value }) => kind === "word" && value === "references");
    if (at === -1) return undefined;
    const target = new StatementReader(tokens.slice(at + 1)).takeName();
    if (this.#isOwn(target) || LETTING_GO.some((words) => hasWords(tokens.slice(at), words))) return undefined;
    return `rows of ${target} that it refers to can no longer be deleted`;
  }

  #insert(reader: StatementReader): string | undefined {
    if (this.#isOwn(reader.takeName())) return undefined;
    return hasWords(reader.rest(), "do update") ? CHANGES : undefined;
  }

  #update(reader: StatementReader): string | undefined {
    reader.take("only");
    const table = reader.takeName() ?? "";
    if (this.#isOwn(table)) return undefined;
    reader.take("as");
    if (!reader.take("set")) {
      reader.takeName();
      if (!reader.take("set")) return CHANGES;
    }
    const columns = reader.parts().map((part) => new StatementReader(part).takeName());
    return columns.every((column) => this.#columns.has(`${table} ${column}`)) ? undefined : CHANGES;
  }

  #empty(reader: StatementReader): string | undefined {
    reader.take("only");
    return this.#isOwn(reader.takeName()) && reader.parts().length === 1 ? undefined : CHANGES;
  }

  #isOwn(table: string | undefined): boolean {
    return table !== undefined && this.#tables.has(table);
  }
}

function firstOf<Item>(items: readonly Item[], reasonOf: (item: Item) => string | undefined): string | undefined {
  return items.map(reasonOf).find((reason) => reason !== undefined);
}
