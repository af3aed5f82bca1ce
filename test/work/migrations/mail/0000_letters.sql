create table "mail"."letters" ("id" text primary key, "text" text not null);
