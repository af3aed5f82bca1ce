create table "orders"."orders" ("id" text primary key);
--> statement-breakpoint
create table "orders"."effects" ("id" text not null, "what" text not null);
