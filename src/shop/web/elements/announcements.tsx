import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";

type Announce = (text: string) => void;

const AnnounceContext = createContext<Announce>(() => {});

/** How long an announcement is shown; screen readers have it at once. */
const SHOWN_MS = 4_000;

/** Says short news, as "added to the cart", to everybody: shown for a moment, and read out. */
export function Announcements({ children }: { readonly children: ReactNode }) {
  const [text, setText] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const announce = useCallback((next: string) => {
    clearTimeout(timer.current);
    setText(next);
    timer.current = setTimeout(() => setText(""), SHOWN_MS);
  }, []);
  return (
    <AnnounceContext.Provider value={announce}>
      {children}
      <div className="announcement" role="status">
        {text === "" ? null : <p>{text}</p>}
      </div>
    </AnnounceContext.Provider>
  );
}

/** Says something to everybody. */
export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}
