create table "trips"."effects" ("id" bigint generated always as identity primary key, "trip" text not null, "what" text not null);
