/**
 * Where things are when nobody says so: as in nginx's own packages, or all below the directory that `-p` names, as in an nginx
 * that was built from its sources.
 */

export interface Layout {
  /** Ends in a slash: what relative paths of roots and logs count from. */
  readonly prefix: string
  readonly configurationPath: string
  readonly errorLogPath: string
  readonly accessLogPath: string
  /** null: none is written, unless the configuration says so. */
  readonly pidPath: string | null
  /** Ends in a slash: where temporary files are, each kind in a folder of its own. */
  readonly temporaryPrefix: string
}

export const INSTALLED: Layout = {
  prefix: '/etc/nginx/',
  configurationPath: '/etc/nginx/nginx.conf',
  errorLogPath: '/var/log/nginx/error.log',
  accessLogPath: '/var/log/nginx/access.log',
  pidPath: '/run/nginx.pid',
  temporaryPrefix: '/var/lib/nginx/',
}

/** @param directory as the user wrote it; relative to the current one */
export function layoutBelow(directory: string): Layout {
  const prefix = directory.endsWith('/') ? directory : `${directory}/`
  return {
    prefix,
    configurationPath: `${prefix}conf/nginx.conf`,
    errorLogPath: `${prefix}logs/error.log`,
    accessLogPath: `${prefix}logs/access.log`,
    pidPath: `${prefix}logs/nginx.pid`,
    temporaryPrefix: prefix,
  }
}
