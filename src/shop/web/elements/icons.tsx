import type { ReactNode } from "react";

/** An icon always stands beside a text that says the same, so it is hidden from screen readers. */
function Icon({ children }: { readonly children: ReactNode }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const CATEGORY_PATHS: Readonly<Record<string, string>> = {
  Beverages:
    "M5 9h11v6a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4V9Zm11 1.500h1.500a2.500 2.500 0 0 1 0 5H16M8 3.500c-.8 1 .8 1.800 0 3M12.500 3.500c-.8 1 .8 1.800 0 3",
  Condiments: "M8 3h8v3H8zM9 6v2.200L7.500 10.500V19a2 2 0 0 0 2 2h5a2 2 0 0 0 2-2v-8.500L15 8.200V6M7.500 12.500h9M7.500 17h9",
  Confections:
    "M8.200 8.200a5.400 5.400 0 0 1 7.600 7.600 5.400 5.400 0 0 1-7.600-7.600ZM8.200 8.200 4 7.500 7 4l1.200 4.200ZM15.800 15.800 20 16.500 17 20l-1.200-4.200ZM10 14l4-4",
  "Dairy Products": "M3.500 12 15 5c3 0 5.500 3 5.500 7M3.500 12h17v6.500h-17V12ZM8 15.500h.01M12.500 16h.01M16.500 15h.01",
  "Grains/Cereals":
    "M12 21V8M12 8c-2-1-2.500-3.500 0-5.500 2.500 2 2 4.500 0 5.500ZM12 13c-3 .3-4.700-1.200-4.700-4.300 3 0 4.700 1.500 4.700 4.300ZM12 13c3 .3 4.700-1.200 4.700-4.300-3 0-4.700 1.500-4.700 4.300ZM12 18c-3 .3-4.700-1.200-4.700-4.300 3 0 4.700 1.500 4.700 4.300ZM12 18c3 .3 4.700-1.200 4.700-4.300-3 0-4.700 1.500-4.700 4.300Z",
  "Meat/Poultry":
    "M14.800 4.200c3.200 0 5 2.200 5 5 0 3.600-3.600 6.300-7.600 6.300-1 0-1.900-.1-2.700-.4L6 18.600a1.700 1.700 0 1 1-1.400-2.200A1.700 1.700 0 1 1 6.900 15l2-1.900c-.3-.7-.4-1.500-.4-2.400 0-3.600 2.700-6.500 6.300-6.500Z",
  Produce:
    "M12 8c-2.500-2-7.500-1-7.500 4.500 0 4.500 3 8 5.500 8 .9 0 1.300-.4 2-.4s1.100.4 2 .4c2.500 0 5.500-3.500 5.500-8C19.500 7 14.500 6 12 8ZM12 8c0-2.500 1.200-4.500 3.500-5",
  Seafood: "M3 12c3-5 9-6.500 13.500-2.500L20.500 6v12l-4-3.500C12 18.500 6 17 3 12ZM7.500 11h.01M12 9.500c-1 1.600-1 3.400 0 5",
};

const OTHER_PATH = "M4 8.500 12 4l8 4.500v7.500L12 20.500 4 16V8.500ZM4 8.500l8 4.500 8-4.500M12 13v7.500";

/** A drawing for a category. */
export function CategoryIcon({ category }: { readonly category: string }) {
  return (
    <Icon>
      <path d={CATEGORY_PATHS[category] ?? OTHER_PATH} />
    </Icon>
  );
}

export const ShopIcon = () => (
  <Icon>
    <path d="M4 10v9.500h16V10M3 9.500 5 4h14l2 5.500a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0ZM9.500 19.500V14h5v5.500" />
  </Icon>
);

export const OrdersIcon = () => (
  <Icon>
    <path d="M6 3.500h12v17l-3-2-3 2-3-2-3 2v-17ZM9 8h6M9 12h6" />
  </Icon>
);

export const AccountIcon = () => (
  <Icon>
    <path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20.500a7.500 7.500 0 0 1 15 0" />
  </Icon>
);

export const AdminIcon = () => (
  <Icon>
    <path d="m14.500 5.500 4 4L8 20H4v-4L14.500 5.500ZM12.500 7.500l4 4" />
  </Icon>
);

export const CartIcon = () => (
  <Icon>
    <path d="M3 4h2.500l2.200 11h10.300L20.500 7H6.200M9 20h.01M17 20h.01" />
  </Icon>
);
