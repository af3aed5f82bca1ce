CREATE SCHEMA "catalog";
--> statement-breakpoint
CREATE TABLE "catalog"."categories" (
	"name" text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog"."products" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"category" text NOT NULL,
	"quantity_per_unit" text NOT NULL,
	"price_cents" bigint NOT NULL,
	"discontinued" boolean DEFAULT false NOT NULL,
	"stock" integer DEFAULT 0 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "products_stock_is_not_negative" CHECK ("catalog"."products"."stock" >= 0),
	CONSTRAINT "products_price_is_positive" CHECK ("catalog"."products"."price_cents" > 0)
);
--> statement-breakpoint
CREATE TABLE "catalog"."reservation_lines" (
	"order_id" uuid NOT NULL,
	"product_id" uuid NOT NULL,
	"name" text NOT NULL,
	"quantity" integer NOT NULL,
	"unit_price_cents" bigint NOT NULL,
	CONSTRAINT "reservation_lines_order_id_product_id_pk" PRIMARY KEY("order_id","product_id"),
	CONSTRAINT "reservation_lines_quantity_is_positive" CHECK ("catalog"."reservation_lines"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "catalog"."reservations" (
	"order_id" uuid PRIMARY KEY NOT NULL,
	"attempt" uuid NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reservations_status_is_known" CHECK ("catalog"."reservations"."status" in ('active', 'released'))
);
--> statement-breakpoint
ALTER TABLE "catalog"."products" ADD CONSTRAINT "products_category_categories_name_fk" FOREIGN KEY ("category") REFERENCES "catalog"."categories"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "catalog"."reservation_lines" ADD CONSTRAINT "reservation_lines_order_id_reservations_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "catalog"."reservations"("order_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "products_by_name" ON "catalog"."products" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "products_by_price" ON "catalog"."products" USING btree ("price_cents","id");--> statement-breakpoint
CREATE INDEX "products_by_category" ON "catalog"."products" USING btree ("category","name","id");--> statement-breakpoint
CREATE INDEX "reservations_by_age" ON "catalog"."reservations" USING btree ("status","created_at");