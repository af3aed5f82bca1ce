import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { TextField } from "../elements/field.tsx";
import { Notice } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { Link } from "../router/link.tsx";
import { useLocation } from "../router/location.ts";
import { paths, returnOf, withReturn } from "../router/paths.ts";
import { SignInRefused } from "../session/session.ts";
import { useSession } from "../session/use-session.ts";

/** Sign-in with e-mail and password. */
export function SignInPage() {
  const session = useSession();
  const next = returnOf(useLocation().search);
  const signIn = useMutation({
    mutationFn: (credentials: { readonly email: string; readonly password: string }) => session.signIn(credentials),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    signIn.mutate({ email: String(given.get("email")), password: String(given.get("password")) });
  };
  return (
    <Page title="Sign in" className="form-page">
      {signIn.error === null ? null : <Notice kind="error">{signInSentence(signIn.error)}</Notice>}
      <form className="panel" onSubmit={submit}>
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required maxLength={254} />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required maxLength={128} />
        <button type="submit" className="button primary wide" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <p>
        New here? <Link to={withReturn(paths.signUp, next)}>Open an account</Link>
      </p>
    </Page>
  );
}

/** Describes why signing in failed, for people. */
export function signInSentence(error: unknown): string {
  if (!(error instanceof SignInRefused)) return "The shop cannot be reached. Are you online?";
  if (error.status === 401 || error.status === 400) return "E-mail or password is wrong.";
  if (error.status !== 429) return "Signing in does not work at the moment. Try again a little later.";
  const minutes = Math.ceil((error.retryAfterSeconds ?? 60) / 60);
  return `There were too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
}
