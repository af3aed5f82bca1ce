CREATE TABLE "gamma"."bookings" (
	"id" serial PRIMARY KEY NOT NULL,
	"tag" text NOT NULL,
	"amount" integer NOT NULL
);
