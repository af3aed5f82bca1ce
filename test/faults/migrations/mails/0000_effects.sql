create table "mails"."effects" ("id" bigint generated always as identity primary key, "order_id" text not null, "units" integer not null, "total_cents" integer not null);
--> statement-breakpoint
create table "mails"."totals" ("orders" integer not null, "units" integer not null, "cents" integer not null);
--> statement-breakpoint
insert into "mails"."totals" values (0, 0, 0);
--> statement-breakpoint
create table "mails"."seen" ("id" bigint generated always as identity primary key, "event_id" text not null, "key" text not null, "n" integer not null);
--> statement-breakpoint
create table "mails"."letters" ("id" bigint generated always as identity primary key, "order_id" text not null);
--> statement-breakpoint
-- The harness holds this lock (3) to keep the handler of one key busy.
create function "mails"."wait_for_harness"() returns trigger language plpgsql set lock_timeout = '60s' as $$
begin
  perform pg_advisory_xact_lock_shared(4711, 3);
  return new;
end $$;
--> statement-breakpoint
create trigger "in_handler" before insert on "mails"."seen" for each row when (new.key = 'slow') execute function "mails"."wait_for_harness"();
