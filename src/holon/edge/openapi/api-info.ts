/** What the public document says of an app as a whole. Goes into it as it is. */
export interface ApiInfo {
  readonly title: string;
  /** Of the public interface, as in `1.4.0`. */
  readonly version: string;
  /** May be CommonMark. */
  readonly description?: string;
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string };
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string };
  readonly termsOfService?: string;
}
