/** Patterns that the check must refuse, because each was seen to block the event loop. */
export const BAD_SAMPLES: readonly RegExp[] = [
  // A Content-Type of 24 KB took half a second.
  /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i,
  // Each log line took 20 to 115 ms.
  /\beyJ[\w-]{1,4000}\.[\w-]{1,4000}\.[\w-]*/g,
  /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}):[^\s@]*@/gi,
  /(\/[\w.~:@%+,/[\]-]{0,500})\?[^\s"'<>)]+/g,
  /(\bFailed query: [\s\S]*?\nparams: )[\s\S]*$/,
  /\{[^}]*\}/g,
  /(a+)+$/,
  /^(?:a|aa)+$/,
  /a+(?=b)/,
  /(?:x|[ab]+c)d/,
];

/** Patterns that the check must accept. */
export const GOOD_SAMPLES: readonly RegExp[] = [
  /^application\/json\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?\s*(?:;\s*)?)?)?$/i,
  /[^0-9A-Za-z]+/g,
  /\{[^{}]*\}/gy,
  /^[\w.,-]*$/,
  /\b(bearer|basic) [\w.~+/=-]{8,}/gi,
];
