alter table "orders"."orders" add column "note" text;
