create table "source"."tallies" ("kind" text not null, "slot" integer not null, "n" bigint not null default 0, primary key ("kind", "slot"));
