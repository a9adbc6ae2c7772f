/**
 * Loading a server that has everything, in steps.
 *
 *   await loadInSteps()        what is imported afterwards finds most of its files loaded
 *
 * Node opens all files of one import at the same time: about 250, more than a process may that was started under `ulimit -n 64`.
 * Each step opens fewer than thirty at once (Node 20).
 */

export async function loadInSteps(): Promise<void> {
  await import('../server/server.ts')
  await import('../modules/rewrite.ts')
  await import('../modules/static-files.ts')
  await import('../modules/autoindex.ts')
  await import('../modules/access-log.ts')
  await import('../modules/dav.ts')
  await import('../modules/cgi.ts')
  await import('../modules/fastcgi.ts')
  await import('../modules/features.ts')
}
