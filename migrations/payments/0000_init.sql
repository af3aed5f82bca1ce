CREATE SCHEMA "payments";
--> statement-breakpoint
CREATE TABLE "payments"."payments" (
	"order_id" uuid PRIMARY KEY NOT NULL,
	"attempt" uuid NOT NULL,
	"gateway_key" uuid NOT NULL,
	"customer_id" uuid,
	"amount_cents" bigint NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "payments_status_is_known" CHECK ("payments"."payments"."status" in ('approved', 'declined', 'refunded', 'voided')),
	CONSTRAINT "payments_amount_is_not_negative" CHECK ("payments"."payments"."amount_cents" >= 0)
);
--> statement-breakpoint
CREATE INDEX "payments_by_age" ON "payments"."payments" USING btree ("created_at" DESC NULLS LAST,"order_id");--> statement-breakpoint
CREATE INDEX "payments_by_status" ON "payments"."payments" USING btree ("status","created_at" DESC NULLS LAST,"order_id");--> statement-breakpoint
CREATE INDEX "payments_by_customer" ON "payments"."payments" USING btree ("customer_id","created_at" DESC NULLS LAST,"order_id");