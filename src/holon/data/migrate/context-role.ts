import type { Logger } from "../../kernel/log.ts";
import { sqlState } from "../database-error.ts";
import { contextRoleName, quoteIdentifier } from "../identifier.ts";
import type { OwnerConnection, OwnerRows } from "./owner-connection.ts";

const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * Makes the role that a context works as, and grants it to this login.
 *
 * Returns the role's name. If this login may not make roles, that is logged and the result is undefined: the context then works as the login itself.
 */
export async function ensureContextRole(sql: OwnerRows, context: string, log: Logger): Promise<string | undefined> {
  const [row] = await sql.rows<{ database: string }>("select current_database() as database");
  const role = contextRoleName(row?.database ?? "", context);
  try {
    const [found] = await sql.rows("select 1 from pg_roles where rolname = $1", [role]);
    if (found === undefined) await createRole(sql, role);
    if (!(await canTakeRole(sql, role))) await sql.rows(`grant ${quoteIdentifier(role)} to current_user ${await grantOptions(sql)}`);
    return role;
  } catch (error) {
    if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    log.warn(
      { context, role },
      "This login may not make roles: the context works without a role of its own. It has all rights of this login, also those on tables of other contexts.",
    );
    return undefined;
  }
}

/** The Postgres role of a context. Undefined if it does not exist, or if this login may not switch to it. For processes that do not migrate. */
export async function findContextRole(sql: OwnerRows, context: string): Promise<string | undefined> {
  const [row] = await sql.rows<{ database: string }>("select current_database() as database");
  const role = contextRoleName(row?.database ?? "", context);
  const [found] = await sql.rows("select 1 from pg_roles where rolname = $1", [role]);
  return found !== undefined && (await canTakeRole(sql, role)) ? role : undefined;
}

/**
 * Grants a role or login the right to read and write the rows of one schema. It gets no right to change the definitions of tables or the journal of migrations,
 * nor to use other schemas.
 */
export async function grantContext(sql: OwnerConnection, context: string, role: string, log: Logger): Promise<void> {
  const schema = quoteIdentifier(context);
  const grantee = quoteIdentifier(role);
  const statements = [
    `revoke all on schema ${schema} from public`,
    `grant usage on schema ${schema} to ${grantee}`,
    `grant select, insert, update, delete on all tables in schema ${schema} to ${grantee}`,
    `grant usage, select, update on all sequences in schema ${schema} to ${grantee}`,
    `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${grantee}`,
    `alter default privileges in schema ${schema} grant usage, select, update on sequences to ${grantee}`,
    `revoke insert, update, delete on ${schema}.holon_migrations from ${grantee}`,
  ];
  try {
    await sql.transaction(async () => {
      for (const statement of statements) await sql.rows(statement);
    });
  } catch (error) {
    if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    log.warn({ context, role }, "This login does not own the context's schema and cannot grant rights on it. The rights stay as they are.");
  }
}

async function createRole(sql: OwnerRows, role: string): Promise<void> {
  try {
    await sql.rows(`create role ${quoteIdentifier(role)} nologin noinherit`);
  } catch (error) {
    // Roles belong to the server, but the migration lock belongs to one database. So a process that migrates another database may have created the role first.
    if (sqlState(error) !== "42710" && sqlState(error) !== "23505") throw error;
  }
}

async function canTakeRole(sql: OwnerRows, role: string): Promise<boolean> {
  const privilege = (await serverVersion(sql)) >= 16 ? "SET" : "MEMBER";
  const [row] = await sql.rows<{ able: boolean }>("select pg_has_role(current_user, $1, $2) as able", [role, privilege]);
  return row?.able === true;
}

async function grantOptions(sql: OwnerRows): Promise<string> {
  return (await serverVersion(sql)) >= 16 ? "with set true, inherit false" : "";
}

async function serverVersion(sql: OwnerRows): Promise<number> {
  const [row] = await sql.rows<{ version: string }>("select current_setting('server_version_num') as version");
  return Math.floor(Number(row?.version ?? 0) / 10_000);
}
