create table "sales"."orders" ("id" text primary key);
