CREATE TABLE "beta"."items" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tag" text NOT NULL,
	"name" text NOT NULL,
	"amount" integer NOT NULL,
	CONSTRAINT "items_by_name" UNIQUE("tag","name"),
	CONSTRAINT "items_amount_is_not_negative" CHECK ("beta"."items"."amount" >= 0)
);
