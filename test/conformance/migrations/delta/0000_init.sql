CREATE TABLE "delta"."beds" (
	"id" integer PRIMARY KEY NOT NULL
);
--> statement-breakpoint
INSERT INTO "delta"."beds" ("id") VALUES (1);
