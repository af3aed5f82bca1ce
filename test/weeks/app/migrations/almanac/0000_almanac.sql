create table "almanac"."ticks" ("id" bigint generated always as identity primary key, "schedule" text not null, "at" timestamptz not null default now());
--> statement-breakpoint
create table "almanac"."told" ("id" bigint generated always as identity primary key, "order_id" uuid not null, "at" timestamptz not null default now());
--> statement-breakpoint
create table "almanac"."thanked" ("id" bigint generated always as identity primary key, "order_id" uuid not null, "at" timestamptz not null default now());
--> statement-breakpoint
create table "almanac"."reminded" ("id" bigint generated always as identity primary key, "order_id" uuid not null, "at" timestamptz not null default now());
