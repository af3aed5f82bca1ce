create table "thrower"."notes" ("id" text primary key);
