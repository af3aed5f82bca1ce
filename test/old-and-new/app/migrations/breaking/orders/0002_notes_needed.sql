-- holon: not compatible: the first version places orders without a note
update "orders"."orders" set "note" = 'none' where "note" is null;
--> statement-breakpoint
alter table "orders"."orders" alter column "note" set not null;
