import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { useLocation } from "../router/location.ts";

type Announce = (text: string) => void;

const AnnounceContext = createContext<Announce>(() => {});

/** How long an announcement is shown; screen readers have it at once. */
const SHOWN_MS = 4_000;

/** Says short news, as "added to the cart", to everybody: shown for a moment on the page that it is about, and read out. */
export function Announcements({ children }: { readonly children: ReactNode }) {
  const { path } = useLocation();
  const [news, setNews] = useState({ text: "", path });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const announce = useCallback((next: string) => {
    clearTimeout(timer.current);
    setNews({ text: next, path: window.location.pathname });
    timer.current = setTimeout(() => setNews({ text: "", path: "" }), SHOWN_MS);
  }, []);
  return (
    <AnnounceContext.Provider value={announce}>
      {children}
      <div className="announcement" role="status">
        {news.text === "" || news.path !== path ? null : <p>{news.text}</p>}
      </div>
    </AnnounceContext.Provider>
  );
}

/** Says something to everybody. */
export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}
