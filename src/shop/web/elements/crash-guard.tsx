import { Component, type ReactNode } from "react";
import { Notice } from "./notice.tsx";

/** If a page throws while it renders, shows a way to continue instead of an empty page. */
export class CrashGuard extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { readonly isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    if (!this.state.isBroken) return this.props.children;
    return (
      <Notice kind="error">
        <p>This page cannot be shown, because of an error. Your cart is unchanged.</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          Load the page again
        </button>
      </Notice>
    );
  }
}
