/**
 * What the built-in pages have in common: the head, the palette and the type, and text made safe for HTML.
 *
 *   pageStart(title, style)   everything before `<body>`
 *   squeeze(css)              a style sheet without the line ends that it has for its readers
 *   escapeHtml(text)          text between tags or between double quotes
 *
 * No built-in page carries a script or asks for a second resource: they work with scripts switched off and under
 * any Content-Security-Policy that allows inline styles, and read as plain text without the styles. The one that has a
 * script, the listing with uploads (`listing-upload.ts`), works without it too.
 */

/**
 * Dawn and night, ink and lamp: the colours of examples/site/style.css. Text has a contrast of 4.5 or more on its
 * ground, marks and focus rings 3 or more, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11).
 */
const STYLE = squeeze(`
  :root{color-scheme:light dark;--sky:#eef1f3;--ink:#1a2333;--mist:#566273;--line:#ccd4db;--lamp:#b96d0b}
  @media(prefers-color-scheme:dark){
    :root{--sky:#10161f;--ink:#dbe1e8;--mist:#8e9bab;--line:#2a3441;--lamp:#f3b250}
  }
  *{box-sizing:border-box}
  body{margin:0 auto;padding:clamp(1.5rem,6vw,5rem) clamp(1.1rem,5vw,4rem);max-width:64rem;
    background:var(--sky);color:var(--ink);
    font:1.0625rem/1.6 Optima,Candara,"Gill Sans Nova","Noto Sans",Ubuntu,Cantarell,sans-serif}
  a{color:inherit;text-decoration:underline .08em var(--lamp);text-underline-offset:.22em}
  a:hover{text-decoration-thickness:.16em}
  :focus-visible{outline:.15em solid var(--lamp);outline-offset:.2em;border-radius:.1em}
  footer{color:var(--mist);font-size:.9375rem}
`)

/** A point of light. Given with the page, since a browser would otherwise ask for /favicon.ico and log a 404. */
const FAVICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='3' fill='%23e59b26'/%3E%3C/svg%3E"

/** Everything up to the content of `<body>`. `title` is text, not HTML. */
export function pageStart(title: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${FAVICON}">
<style>${STYLE}${style}</style>
`
}

/** Style sheets are laid out for readers; on the wire they need no line ends. */
export function squeeze(css: string): string {
  return css.replace(/\n\s*/g, '')
}

/** Makes text safe between tags and between double quotes. */
export function escapeHtml(text: string): string {
  return /[&<>"]/.test(text) ? text.replace(/[&<>"]/g, c => ENTITIES[c as keyof typeof ENTITIES]) : text
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' } as const

/** The `Content-Security-Policy` of a built-in page: it has a style block, and nothing that could be active. */
export const INERT_PAGE =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
