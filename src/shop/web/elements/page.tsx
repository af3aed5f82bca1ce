import { type ReactNode, useEffect, useRef } from "react";
import { hasMoved } from "../router/location.ts";

interface PageProps {
  readonly title: string;
  /** Content beside the heading. */
  readonly aside?: ReactNode;
  readonly intro?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A page with its title and one heading. If the user came by a link, the heading takes the focus, so that screen readers say which page it is. */
export function Page({ title, aside, intro, className, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hasMoved()) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={`page ${className ?? ""}`}>
      <title>{`${title} · Northwind`}</title>
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </div>
      {intro === undefined ? null : <p className="intro">{intro}</p>}
      {children}
    </div>
  );
}
