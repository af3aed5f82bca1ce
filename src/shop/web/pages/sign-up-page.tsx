import { useMutation } from "@tanstack/react-query";
import { isHolonCode } from "holon/client";
import type { FormEvent } from "react";
import { type Inputs, useTRPC } from "../api.ts";
import { TextField } from "../elements/field.tsx";
import { Notice } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { fieldFaults, sentenceOf } from "../errors/sentence.ts";
import { Link } from "../router/link.tsx";
import { useLocation } from "../router/location.ts";
import { paths, returnOf, withReturn } from "../router/paths.ts";
import { SignInRefused } from "../session/session.ts";
import { useSession } from "../session/use-session.ts";
import { signInSentence } from "./sign-in-page.tsx";

type Account = Inputs["users"]["signUp"];

/** Opens an account, and signs in to it. */
export function SignUpPage() {
  const next = returnOf(useLocation().search);
  const { open, error, isPending } = useSignUp();
  const faults = fieldFaults(error);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    open({ name: String(given.get("name")), email: String(given.get("email")), password: String(given.get("password")) });
  };
  return (
    <Page title="Open an account" className="form-page">
      {error === null ? null : <Notice kind="error">{signUpSentence(error)}</Notice>}
      <form className="panel" onSubmit={submit}>
        <TextField label="Name" name="name" autoComplete="name" required maxLength={100} fault={faults["name"]} />
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required maxLength={254} fault={faults["email"]} />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          maxLength={128}
          hint="At least 8 characters."
          fault={faults["password"]}
        />
        <button type="submit" className="button primary wide" disabled={isPending}>
          {isPending ? "Opening your account…" : "Open an account"}
        </button>
      </form>
      <p>
        You have an account? <Link to={withReturn(paths.signIn, next)}>Sign in</Link>
      </p>
    </Page>
  );
}

function useSignUp() {
  const trpc = useTRPC();
  const session = useSession();
  const signUp = useMutation(trpc.users.signUp.mutationOptions());
  const signIn = useMutation({
    mutationFn: ({ email, password }: Account) => session.signIn({ email, password }),
  });
  const open = (account: Account): void => {
    // The account was opened, but the sign-in failed: a retry only signs in.
    if (signUp.isSuccess && signUp.variables.email === account.email) signIn.mutate(account);
    else signUp.mutate(account, { onSuccess: () => signIn.mutate(account) });
  };
  return { open, error: signUp.error ?? signIn.error, isPending: signUp.isPending || signIn.isPending };
}

function signUpSentence(error: unknown): string {
  if (isHolonCode(error, "CONFLICT")) return "There is an account with this e-mail already. Sign in to it.";
  return error instanceof SignInRefused ? `Your account is open, but you are not signed in. ${signInSentence(error)}` : sentenceOf(error);
}
