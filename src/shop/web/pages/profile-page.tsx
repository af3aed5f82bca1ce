import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isHolonCode } from "holon/client";
import { type FormEvent, useState } from "react";
import { type User, useTRPC } from "../api.ts";
import { useAnnounce } from "../elements/announcements.tsx";
import { EditConflict } from "../elements/edit-conflict.tsx";
import { TextField } from "../elements/field.tsx";
import { Failure, Loading, Notice } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { fieldFaults, sentenceOf } from "../errors/sentence.ts";
import { navigate } from "../router/location.ts";
import { paths } from "../router/paths.ts";
import { useSession } from "../session/use-session.ts";

type Profile = Pick<User, "name" | "email" | "company" | "city" | "country">;

const LABELS: Readonly<Record<keyof Profile, string>> = { name: "Name", email: "E-mail", company: "Company", city: "City", country: "Country" };
const FIELDS = Object.keys(LABELS) as readonly (keyof Profile)[];
const REQUIRED: readonly (keyof Profile)[] = ["name", "email"];
const AUTOCOMPLETE: Readonly<Record<keyof Profile, string>> = {
  name: "name",
  email: "email",
  company: "organization",
  city: "address-level2",
  country: "country-name",
};

/** The user's own account, and a button to sign out. */
export function ProfilePage({ user }: { readonly user: User }) {
  const trpc = useTRPC();
  const session = useSession();
  const { data, error, refetch, isFetchedAfterMount } = useQuery(trpc.users.get.queryOptions({ id: user.id }, { staleTime: 0 }));
  const signOut = (): void => {
    navigate(paths.catalog);
    void session.signOut();
  };
  const aside = (
    <button type="button" className="button quiet" onClick={signOut}>
      Sign out
    </button>
  );
  return (
    <Page title="Your account" className="form-page" aside={aside}>
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined || !isFetchedAfterMount ? error === null ? <Loading what="your account" /> : null : <ProfileEditor user={data} />}
    </Page>
  );
}

interface Editing {
  readonly base: User;
  readonly mine: Profile;
  readonly theirs: User | undefined;
}

/** Edits the account like a product: by its version, and with a choice if another edit was saved first. */
function ProfileEditor({ user }: { readonly user: User }) {
  const trpc = useTRPC();
  const session = useSession();
  const announce = useAnnounce();
  const queryClient = useQueryClient();
  const [{ base, mine, theirs }, setEditing] = useState<Editing>({ base: user, mine: user, theirs: undefined });
  const { mutate, error, isPending, reset } = useMutation(
    trpc.users.update.mutationOptions({
      onSuccess: (saved) => {
        queryClient.setQueryData(trpc.users.get.queryKey({ id: saved.id }), saved);
        session.setUser(saved);
        setEditing({ base: saved, mine: saved, theirs: undefined });
        announce("Your account is saved.");
      },
      onError: async (failure) => {
        if (!isStale(failure)) return;
        const current = await queryClient.fetchQuery(trpc.users.get.queryOptions({ id: user.id }, { staleTime: 0 }));
        setEditing((editing) => ({ ...editing, theirs: current }));
      },
    }),
  );
  const save = (profile: Profile, { version }: User): void => {
    setEditing((editing) => ({ ...editing, mine: profile }));
    mutate({ id: user.id, version, ...pick(profile) });
  };
  if (theirs !== undefined) {
    const takeTheirs = (): void => {
      reset();
      setEditing({ base: theirs, mine: theirs, theirs: undefined });
    };
    const fields = FIELDS.map((field) => ({ name: LABELS[field], mine: mine[field] ?? "", theirs: theirs[field] ?? "" }));
    return <EditConflict noun="account" fields={fields} isBusy={isPending} onTakeTheirs={takeTheirs} onOverwrite={() => save(mine, theirs)} />;
  }
  const faults = fieldFaults(error);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save(profileOf(new FormData(event.currentTarget)), base);
  };
  return (
    <form key={base.version} className="panel" onSubmit={submit}>
      {error === null || isStale(error) ? null : <Notice kind="error">{profileSentence(error)}</Notice>}
      {FIELDS.map((field) => (
        <TextField
          key={field}
          label={LABELS[field]}
          name={field}
          type={field === "email" ? "email" : "text"}
          autoComplete={AUTOCOMPLETE[field]}
          required={REQUIRED.includes(field)}
          maxLength={field === "email" ? 254 : 60}
          defaultValue={mine[field] ?? ""}
          fault={faults[field]}
        />
      ))}
      <button type="submit" className="button primary" disabled={isPending}>
        {isPending ? "Saving…" : "Save"}
      </button>
    </form>
  );
}

/** CONFLICT with a version: the row has changed. CONFLICT without one: another account has the e-mail. */
function isStale(error: unknown): boolean {
  return isHolonCode(error, "CONFLICT") && typeof (error.data.details as { readonly version?: unknown } | undefined)?.version === "number";
}

function profileSentence(error: unknown): string {
  return isHolonCode(error, "CONFLICT") ? "Another account has this e-mail." : sentenceOf(error);
}

function pick({ name, email, company, city, country }: Profile): Profile {
  return { name, email, company, city, country };
}

function profileOf(given: FormData): Profile {
  const text = (field: keyof Profile): string => String(given.get(field) ?? "").trim();
  return { name: text("name"), email: text("email"), company: text("company") || null, city: text("city") || null, country: text("country") || null };
}
