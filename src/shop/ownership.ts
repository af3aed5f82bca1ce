import type { UserPrincipal } from "holon";

/** Whether somebody signed in runs the shop. */
export function isAdmin(user: UserPrincipal | undefined): boolean {
  return user?.roles.includes("admin") ?? false;
}

/** Whether something that belongs to `ownerId` may be seen: by its owner and by admins. */
export function mayActFor(user: UserPrincipal | undefined, ownerId: string): boolean {
  return user !== undefined && (user.id === ownerId || isAdmin(user));
}
