CREATE TABLE "sales"."effects" ("id" text NOT NULL, "what" text NOT NULL);
