create table "stock"."effects" ("id" text not null, "what" text not null);
