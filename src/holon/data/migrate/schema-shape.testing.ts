import type { Sql } from "postgres";

/** A column as an `insert` or `select` of an older version uses it. */
interface ShapeColumn {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** The column's default, identity or generation expression. Null if the column has none: a row that is inserted without a value for it gets null. */
  readonly filledBy: string | null;
}

/** A unique index or a constraint. */
interface ShapeRule {
  readonly table: string;
  readonly name: string;
  readonly kind: "unique" | "check" | "foreign key" | "trigger";
  readonly definition: string;
  readonly columns: readonly string[];
}

/** What the statements of a version rely on in a schema. */
export interface SchemaShape {
  readonly columns: readonly ShapeColumn[];
  readonly rules: readonly ShapeRule[];
}

/** Reads the shape of a schema. */
export async function readShape(sql: Sql, schema: string): Promise<SchemaShape> {
  const columns = await sql<ShapeColumn[]>`
    select relname as "table", attname as name, format_type(atttypid, atttypmod) as type, attnotnull as "notNull",
      nullif(concat_ws(' ', nullif(attidentity, ''), nullif(attgenerated, ''), pg_get_expr(adbin, adrelid)), '') as "filledBy"
    from pg_attribute join pg_class on pg_class.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relnamespace = ${schema}::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped order by 1, 2`;
  const rules = await sql<ShapeRule[]>`
    select i.indrelid::regclass::text as "table", indexrelid::regclass::text as name, 'unique' as kind, pg_get_indexdef(indexrelid) as definition,
      array(select attname::text from pg_attribute where attrelid = i.indrelid and attnum = any(i.indkey) order by 1) as columns
    from pg_index i join pg_class on pg_class.oid = indrelid where relnamespace = ${schema}::regnamespace and indisunique
    union all
    select conrelid::regclass::text, conname, case contype when 'c' then 'check' else 'foreign key' end, pg_get_constraintdef(oid),
      array(select attname::text from pg_attribute where attrelid = conrelid and attnum = any(conkey) order by 1)
    from pg_constraint where connamespace = ${schema}::regnamespace and contype in ('c', 'f', 'x')
    union all
    select tgrelid::regclass::text, tgname, 'trigger', pg_get_triggerdef(pg_trigger.oid), array[]::text[]
    from pg_trigger join pg_class on pg_class.oid = tgrelid where relnamespace = ${schema}::regnamespace and not tgisinternal
    order by 1, 2`;
  const bare = (name: string): string => name.replace(`${schema}.`, "");
  return {
    columns: columns.map((column) => ({ ...column })),
    rules: rules.map((rule) => ({ ...rule, table: bare(rule.table), name: bare(rule.name) })),
  };
}

/** The changes from `before` to `after` that can break the statements of a version that knows `before`. Empty if the change only adds. */
export function narrowingsOf(before: SchemaShape, after: SchemaShape): readonly string[] {
  return [...columnFaults(before, after), ...ruleFaults(before, after)];
}

function columnFaults(before: SchemaShape, after: SchemaShape): readonly string[] {
  const changed = before.columns.flatMap((column) => {
    const now = after.columns.find(({ table, name }) => table === column.table && name === column.name);
    return JSON.stringify(now) === JSON.stringify(column)
      ? []
      : [`${column.table}.${column.name} is ${now === undefined ? "gone" : "not as it was"}`];
  });
  const demanded = newColumns(before, after).filter(({ notNull, filledBy }) => notNull && filledBy === null);
  return [...changed, ...demanded.map(({ table, name }) => `${table}.${name} is new and must be set`)];
}

function ruleFaults(before: SchemaShape, after: SchemaShape): readonly string[] {
  const added = newColumns(before, after);
  const isNew = (rule: ShapeRule, column: string): boolean =>
    added.some(({ table, name, filledBy }) => table === rule.table && name === column && filledBy === null);
  const gone = before.rules.filter((rule) => rule.kind === "unique" && !after.rules.some((now) => isSame(rule, now)));
  const stricter = after.rules.filter((rule) => {
    if (rule.kind === "foreign key" && !/ON DELETE (CASCADE|SET)/.test(rule.definition) && hasTable(before, referenced(rule))) {
      if (!before.rules.some((was) => isSame(was, rule))) return true;
    }
    if (!hasTable(before, rule.table) || before.rules.some((was) => isSame(was, rule) || isWider(was, rule))) return false;
    if (rule.kind === "unique") return !rule.columns.some((column) => isNew(rule, column)) || /NULLS NOT DISTINCT/.test(rule.definition);
    return rule.kind === "trigger" || rule.columns.length === 0 || !rule.columns.every((column) => isNew(rule, column));
  });
  return [
    ...gone.map(({ table, name }) => `${name} of ${table} is gone: an "on conflict" needs it`),
    ...stricter.map(({ table, name }) => `${name} of ${table} refuses or changes what was taken`),
  ];
}

function newColumns(before: SchemaShape, after: SchemaShape): readonly ShapeColumn[] {
  return after.columns.filter(
    ({ table, name }) => hasTable(before, table) && !before.columns.some((was) => was.table === table && was.name === name),
  );
}

function hasTable({ columns }: SchemaShape, table: string): boolean {
  return columns.some((column) => column.table === table);
}

function isSame(left: ShapeRule, right: ShapeRule): boolean {
  return left.table === right.table && left.name === right.name && left.definition === right.definition;
}

/** Whether a check that lists the allowed values still allows all values that the check of the same name allowed before. */
function isWider(before: ShapeRule, after: ShapeRule): boolean {
  if (before.table !== after.table || before.name !== after.name || before.kind !== "check") return false;
  const withoutTexts = (definition: string): string => definition.replaceAll(/'[^']*'::text,? ?/g, "");
  if (!/= ANY \(ARRAY\[/.test(after.definition) || withoutTexts(before.definition) !== withoutTexts(after.definition)) return false;
  const texts = (definition: string): readonly string[] => definition.match(/'[^']*'/g) ?? [];
  const now = texts(after.definition);
  return texts(before.definition).every((text) => now.includes(text));
}

function referenced({ definition }: ShapeRule): string {
  return /REFERENCES (?:[^.(]+\.)?([^(]+)\(/.exec(definition)?.[1] ?? "";
}
