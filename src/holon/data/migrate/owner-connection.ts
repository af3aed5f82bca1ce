import postgres, { type Sql } from "postgres";

/** One connection for changing the shape of a database; it may take long, but does not wait for ever behind a lock that others need too. */
export function openOwnerConnection(url: string): Sql {
  return postgres(url, {
    max: 1,
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => {},
    // "0" as text: postgres.js leaves a number zero out.
    connection: { application_name: "holon migrate", statement_timeout: "0" as unknown as number, lock_timeout: 60_000 },
  });
}
