/**
 * The pages that veille writes itself, each in a file of its own:
 *
 *   errorPage                           error-page.ts
 *   listingPage, listingChunks          listing-page.ts, a directory as HTML
 *   listingJson, listingJsonChunks      listing-page.ts, a directory as JSON
 *
 * All are pure functions from values to strings; who calls them chooses status, type and fields.
 */

export { type ErrorPage, errorPage } from './error-page.ts'
export {
  type Listing,
  type ListingEntry,
  listingChunks,
  listingJson,
  listingJsonChunks,
  listingPage,
} from './listing-page.ts'
