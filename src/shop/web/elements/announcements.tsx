import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { useLocation } from "../router/location.ts";

type Announce = (text: string) => void;

const AnnounceContext = createContext<Announce>(() => {});

/** How long an announcement is shown. */
const SHOWN_MS = 4_000;

/**
 * Announces short messages, such as "Chai is in the cart.". Each is shown for {@link SHOWN_MS}, only on the page that was open when it was announced. Screen
 * readers read it.
 */
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

/** Returns the function that announces a message. */
export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}
