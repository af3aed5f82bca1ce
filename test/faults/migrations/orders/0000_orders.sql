create table "orders"."orders" ("id" text primary key, "total_cents" integer not null, "units" integer not null);
--> statement-breakpoint
create table "orders"."lines" ("order_id" text not null, "number" integer not null, "sku" text not null, "quantity" integer not null, "price_cents" integer not null, primary key ("order_id", "number"));
--> statement-breakpoint
create table "orders"."moves" ("id" bigint generated always as identity primary key, "key" text not null, "n" integer not null, "held" boolean not null);
--> statement-breakpoint
-- The harness holds these locks to stop a process in the middle of a statement (1), or in the middle of its commit (2).
create function "orders"."wait_for_harness"() returns trigger language plpgsql set lock_timeout = '60s' as $$
begin
  perform pg_advisory_xact_lock_shared(4711, tg_argv[0]::integer);
  return new;
end $$;
--> statement-breakpoint
create trigger "in_statement" before insert on "orders"."orders" for each row when (new.id like 'statement-%') execute function "orders"."wait_for_harness"('1');
--> statement-breakpoint
create constraint trigger "in_commit" after insert on "orders"."orders" deferrable initially deferred for each row when (new.id like 'commit-%') execute function "orders"."wait_for_harness"('2');
--> statement-breakpoint
create constraint trigger "in_commit" after insert on "orders"."moves" deferrable initially deferred for each row when (new.held) execute function "orders"."wait_for_harness"('2');
