import { createContext, useContext, useSyncExternalStore } from "react";
import type { User } from "../api.ts";
import type { Session, SessionState } from "./session.ts";

/** The session that `main.tsx` made. */
export const SessionContext = createContext<Session | undefined>(undefined);

/** The session of this tab. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new TypeError("There is no <SessionContext> around this component.");
  return session;
}

/** The state of the session; renders again when it changes. */
export function useSessionState(): SessionState {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, session.state);
}

/** The user who is signed in. */
export function useUser(): User | undefined {
  const state = useSessionState();
  return state.kind === "in" ? state.user : undefined;
}
