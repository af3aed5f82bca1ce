CREATE TABLE "alpha"."notes" (
	"tag" text PRIMARY KEY NOT NULL,
	"amount" integer NOT NULL
);
