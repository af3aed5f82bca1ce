create table "chores"."effects" ("id" bigint generated always as identity primary key, "job" text not null, "name" text not null);
--> statement-breakpoint
create table "chores"."fixed" ("job" text primary key);
--> statement-breakpoint
-- Every tick that was fired, with the one that was to come next: by the database itself.
create table "chores"."fires" ("id" bigint generated always as identity primary key, "due" timestamptz not null, "next" timestamptz not null);
--> statement-breakpoint
create function "chores"."note_fire"() returns trigger language plpgsql as $$
begin
  insert into chores.fires (due, next) values (old.next_at, new.next_at);
  return new;
end $$;
--> statement-breakpoint
create trigger "note_fire" after update of "next_at" on "chores"."holon_schedules" for each row execute function "chores"."note_fire"();
