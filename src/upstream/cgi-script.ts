/**
 * Which part of a path names a program, and which is left for that (RFC 3875 §4.1.5, §4.1.13).
 *
 *   findScript('/cgi/x.py/extra', '/srv/cgi/x.py/extra', names, kindOf)
 *       { scriptName: '/cgi/x.py', pathInfo: '/extra', file: '/srv/cgi/x.py', kind }
 *
 * The path is cut behind each of its segments, from the left. The first piece that may name a program and is no directory is the one; that
 * there may be nothing of this name is for the caller to judge. Nothing here touches a file: `kindOf` does.
 */

/** The numbers of `modules/open-files.ts`. */
export const REGULAR_FILE = 0
export const FOLDER = 1

export interface Script {
  readonly scriptName: string
  /** Begins with a slash, or is ''. */
  readonly pathInfo: string
  readonly file: string
  /** What `kindOf` has said. */
  readonly kind: number
}

/**
 * @param whole the file that the path would be without a program; it ends like the path
 * @param names may this piece of the path name a program?
 * @param kindOf REGULAR_FILE, FOLDER, something else, or `-errno`
 * @returns null when no piece is left
 */
export function findScript(
  path: string,
  whole: string,
  names: (piece: string) => boolean,
  kindOf: (file: string) => number,
): Script | null {
  for (let cut = endOfSegment(path, 1); ; cut = endOfSegment(path, cut + 1)) {
    const script = scriptAt(path, whole, cut, names, kindOf)
    if (script !== null) return script
    if (cut >= path.length) return null
  }
}

function scriptAt(
  path: string,
  whole: string,
  cut: number,
  names: (piece: string) => boolean,
  kindOf: (file: string) => number,
): Script | null {
  const scriptName = path.slice(0, cut)
  if (scriptName.endsWith('/') || !names(scriptName)) return null
  const pathInfo = path.slice(cut)
  // The name of a file that does not come from the path as a whole cannot be cut where the path is.
  if (!whole.endsWith(pathInfo)) return null
  const file = whole.slice(0, whole.length - pathInfo.length)
  const kind = kindOf(file)
  return kind === FOLDER ? null : { scriptName, pathInfo, file, kind }
}

function endOfSegment(path: string, from: number): number {
  const slash = path.indexOf('/', from)
  return slash < 0 ? path.length : slash
}
