import type { UserPrincipal } from "holon";

/** Whether a user is signed in and is an admin. */
export function isAdmin(user: UserPrincipal | undefined): boolean {
  return user?.roles.includes("admin") ?? false;
}

/** Whether a user may act on a row of `ownerId`: the owner and admins may. */
export function mayActFor(user: UserPrincipal | undefined, ownerId: string): boolean {
  return user !== undefined && (user.id === ownerId || isAdmin(user));
}
