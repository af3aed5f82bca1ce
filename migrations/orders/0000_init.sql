CREATE SCHEMA "orders";
--> statement-breakpoint
CREATE TABLE "orders"."order_lines" (
	"order_id" uuid NOT NULL,
	"product_id" uuid NOT NULL,
	"name" text NOT NULL,
	"quantity" integer NOT NULL,
	"unit_price_cents" bigint NOT NULL,
	CONSTRAINT "order_lines_order_id_product_id_pk" PRIMARY KEY("order_id","product_id"),
	CONSTRAINT "order_lines_quantity_is_positive" CHECK ("orders"."order_lines"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "orders"."orders" (
	"id" uuid PRIMARY KEY NOT NULL,
	"customer_id" uuid NOT NULL,
	"status" text NOT NULL,
	"ordered_on" date NOT NULL,
	"total_cents" bigint NOT NULL,
	"attempt" uuid NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "orders_status_is_known" CHECK ("orders"."orders"."status" in ('confirmed', 'shipped', 'delivered', 'cancelling', 'cancelled')),
	CONSTRAINT "orders_total_is_not_negative" CHECK ("orders"."orders"."total_cents" >= 0)
);
--> statement-breakpoint
ALTER TABLE "orders"."order_lines" ADD CONSTRAINT "order_lines_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "orders"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "orders_by_day" ON "orders"."orders" USING btree ("ordered_on" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "orders_by_customer" ON "orders"."orders" USING btree ("customer_id","ordered_on" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "orders_by_status" ON "orders"."orders" USING btree ("status","ordered_on" DESC NULLS LAST,"id");