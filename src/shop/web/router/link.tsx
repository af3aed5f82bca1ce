import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate, useLocation } from "./location.ts";

interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  readonly to: string;
}

/** A link to a page of the shop. It behaves like any link, but does not reload the page. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const opensElsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || opensElsewhere) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}

/** A link of a menu, which is marked if its page is the current one. It is also marked on pages whose path begins with a text of `also`. */
export function MenuLink({ also = [], ...props }: LinkProps & { readonly also?: readonly string[] }) {
  const { path } = useLocation();
  const isHere = path === props.to || also.some((beginning) => path.startsWith(beginning));
  return <Link {...props} aria-current={isHere ? "page" : undefined} />;
}
