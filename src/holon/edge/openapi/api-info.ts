/** What the public document says about the whole app. It is copied into the document unchanged. */
export interface ApiInfo {
  readonly title: string;
  /** The version of the public interface, such as `1.4.0`. */
  readonly version: string;
  /** May be CommonMark. */
  readonly description?: string;
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string };
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string };
  readonly termsOfService?: string;
}
