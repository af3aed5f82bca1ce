import { html, type Page } from "./page.ts";

/** The content of the sign-in page. */
interface SignInView {
  readonly appName: string;
  /** The page to open afterwards. */
  readonly next: string;
  readonly takesPassword: boolean;
  readonly problem?: string;
}

/** The page on which an admin signs in. */
export function signInPage({ appName, next, takesPassword, problem }: SignInView): Page {
  const hidden = html`<input type="hidden" name="next" value="${next}">`;
  const password = html`<form class="card" method="post" action="/ops/sign-in">${hidden}
<label>E-mail<input type="email" name="email" autocomplete="username" required autofocus></label>
<label>Password<input type="password" name="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>`;
  const token = html`<form class="card" method="post" action="/ops/sign-in">${hidden}
<label>Bearer token of an admin<input type="password" name="token" autocomplete="off" required></label>
<button>Sign in with a token</button></form>`;
  return {
    title: `${appName}: sign in`,
    isNarrow: true,
    content: html`<h1>${appName}: operations</h1>${problem === undefined ? undefined : html`<p role="alert">${problem}</p>`}
<p class="soft">Only admins come in here.</p>${takesPassword ? password : undefined}${token}`,
  };
}
