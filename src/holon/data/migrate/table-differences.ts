import { is } from "drizzle-orm";
import { getTableConfig, PgArray, type PgColumn, PgEnumColumn, PgEnumObjectColumn, PgTable } from "drizzle-orm/pg-core";
import { sqlState } from "../database-error.ts";
import type { Tables } from "../drizzle/database.ts";
import { quoteIdentifier } from "../identifier.ts";
import type { OwnerRows } from "./owner-connection.ts";

/** A column as the database has it. */
interface FoundColumn {
  readonly table: string;
  /** The name of the column; null for a table without columns. */
  readonly name: string | null;
  /** Id of the type, or of a domain's base type. */
  readonly typeId: number;
  readonly type: string;
  readonly category: string;
  /** True if the column or its domain is not null. */
  readonly notNull: boolean;
  /** Whether the column gets a value if a row is inserted without it: by a default of the column or of its domain, as an identity, or as a generated column. */
  readonly isFilled: boolean;
}

interface FoundType {
  readonly id: number;
  readonly type: string;
  readonly category: string;
}

/** Drizzle's names of integers with a sequence. These are not types of Postgres. */
const SERIALS: Readonly<Record<string, string>> = { smallserial: "smallint", serial: "integer", bigserial: "bigint" };

/** Postgres' category of text types. Texts of all types are sent and read alike, whatever their declared length. */
const TEXT_CATEGORY = "S";

/**
 * Differences between the tables of the code and of the context's schema that make statements fail: missing tables and columns, other types, and columns that a
 * new row must fill but the code does not know.
 *
 * Shape: a clause for each difference, such as `the column orders.note is missing`; empty if the code can work with the tables. The database may have more
 * tables and columns, because a newer version may have added them. Whether a known column may be null is not compared: a nullable column makes no statement
 * fail, and columns of views always may be null. Lengths of texts and the precision of numbers are not compared either.
 */
export async function tableDifferences(sql: OwnerRows, context: string, tables: Tables): Promise<readonly string[]> {
  const declared = Object.values(tables)
    .filter((value) => is(value, PgTable))
    .map((table) => getTableConfig(table))
    .filter(({ schema }) => schema === context);
  if (declared.length === 0) return [];
  const found = await columnsOf(sql, context);
  const types = await typesOf(
    sql,
    declared.flatMap(({ columns }) => columns.map(typeText)),
  );
  return declared.flatMap(({ name, columns }) => {
    const rows = found.filter(({ table }) => table === name);
    if (rows.length === 0) return [`the table ${name} is missing`];
    const known = new Set(columns.map((column) => column.name));
    return [
      ...columns.flatMap((column) => {
        const row = rows.find((candidate) => candidate.name === column.name);
        const difference = row === undefined ? "is missing" : columnDifference(column, row, types.get(typeText(column)));
        return difference === undefined ? [] : [`the column ${name}.${column.name} ${difference}`];
      }),
      ...rows
        .filter((row) => row.name !== null && row.notNull && !row.isFilled && !known.has(row.name))
        .map((row) => `the column ${name}.${row.name} must be filled, and the code does not know it`),
    ];
  });
}

function columnDifference(column: PgColumn, row: FoundColumn, type: FoundType | null | undefined): string | undefined {
  // `type` is undefined if Postgres cannot read the text of the type. It is not compared then, because the migration that used the type has checked it.
  if (type === null) return `has the type ${row.type}, and the type ${typeText(column)} of the code is missing`;
  const isText = type?.category === TEXT_CATEGORY && row.category === TEXT_CATEGORY;
  if (type !== undefined && type.id !== row.typeId && !isText) return `is ${row.type} instead of ${type.type}`;
  // It is not a difference if the database requires a column that the code may leave out. One version begins to always fill such a column, and a migration of a
  // later version makes it required.
  return undefined;
}

async function columnsOf(sql: OwnerRows, context: string): Promise<readonly FoundColumn[]> {
  return sql.rows<FoundColumn>(
    `select relname as "table", attname as name, base.oid as "typeId", format_type(atttypid, null) as type, base.typcategory as category,
      attnotnull or declared.typnotnull as "notNull",
      atthasdef or declared.typdefault is not null or attidentity <> '' or attgenerated <> '' as "isFilled"
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      left join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
      left join pg_type declared on declared.oid = atttypid
      left join pg_type base on base.oid = case declared.typtype when 'd' then declared.typbasetype else declared.oid end
    where nspname = $1 and relkind in ('r', 'p', 'f', 'v', 'm')`,
    [context],
  );
}

/** The types by their texts. Shape: null for a type that the context should have and that is missing; no entry for a text that Postgres does not know. */
async function typesOf(sql: OwnerRows, texts: readonly string[]): Promise<ReadonlyMap<string, FoundType | null>> {
  const types = new Map<string, FoundType | null>();
  for (const text of new Set(texts)) {
    const isOwn = text.startsWith('"');
    const [type] = await typeNamed(sql, SERIALS[text] ?? text);
    if (type !== undefined || isOwn) types.set(text, type ?? null);
  }
  return types;
}

async function typeNamed(sql: OwnerRows, text: string): Promise<readonly FoundType[]> {
  try {
    return await sql.rows<FoundType>(
      "select oid as id, format_type(oid, null) as type, typcategory as category from pg_type where oid = to_regtype($1)",
      [text],
    );
  } catch (error) {
    // Before version 16, Postgres fails if it cannot read the text of a type.
    if (sqlState(error)?.startsWith("42")) return [];
    throw error;
  }
}

function typeText(column: PgColumn): string {
  if (is(column, PgArray)) return `${typeText(column.baseColumn as PgColumn)}[]`;
  if (is(column, PgEnumColumn) || is(column, PgEnumObjectColumn)) {
    const { schema, enumName } = column.enum;
    return `${quoteIdentifier(schema ?? "public")}.${quoteIdentifier(enumName)}`;
  }
  return column.getSQLType();
}
