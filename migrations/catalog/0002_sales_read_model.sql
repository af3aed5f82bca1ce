CREATE TABLE "catalog"."sale_lines" (
	"generation" integer NOT NULL,
	"order_id" uuid NOT NULL,
	"product_id" uuid NOT NULL,
	"name" text NOT NULL,
	"quantity" integer NOT NULL,
	"unit_price_cents" bigint NOT NULL,
	CONSTRAINT "sale_lines_generation_order_id_product_id_pk" PRIMARY KEY("generation","order_id","product_id")
);
--> statement-breakpoint
CREATE TABLE "catalog"."sales" (
	"generation" integer NOT NULL,
	"order_id" uuid NOT NULL,
	"version" integer NOT NULL,
	CONSTRAINT "sales_generation_order_id_pk" PRIMARY KEY("generation","order_id")
);
--> statement-breakpoint
CREATE TABLE "catalog"."sales_state" (
	"id" integer PRIMARY KEY NOT NULL,
	"generation" integer DEFAULT 0 NOT NULL,
	"building" integer,
	CONSTRAINT "sales_state_is_one_row" CHECK ("catalog"."sales_state"."id" = 1)
);
--> statement-breakpoint
ALTER TABLE "catalog"."reservations" DROP CONSTRAINT "reservations_status_is_known";--> statement-breakpoint
ALTER TABLE "catalog"."sale_lines" ADD CONSTRAINT "sale_lines_generation_order_id_sales_generation_order_id_fk" FOREIGN KEY ("generation","order_id") REFERENCES "catalog"."sales"("generation","order_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "catalog"."reservations" DROP COLUMN "attempt";--> statement-breakpoint
ALTER TABLE "catalog"."reservations" ADD CONSTRAINT "reservations_status_is_known" CHECK ("catalog"."reservations"."status" in ('active', 'sold', 'released'));