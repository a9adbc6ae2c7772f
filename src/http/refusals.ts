/**
 * Why a message is refused: one row for each rule of the wire that a sender can break.
 *
 *   INCOMPLETE            no refusal: nothing is wrong so far, more bytes are needed
 *   BAD_…, TOO_…          negative numbers, to be returned in place of a position or a length
 *   isRefusal(result)     whether a result is one of them
 *   refusalOf(code)       the status to answer with, and the rule in words
 *
 * Results are numbers, not exceptions, because a refusal is as ordinary as a request: an Error costs some 4 µs,
 * and a client chooses how many it provokes. The words never echo what was received.
 */

/** More bytes are needed. Not a refusal. */
export const INCOMPLETE = -1

/** All is well: what the checks return that have no position or length to give. */
export const OK = 0

export interface Refusal {
  /** The status of the answer. The connection ends after it, whatever the status. */
  readonly status: number
  /** The rule that was broken, as one sentence. */
  readonly words: string
}

const refusals: Refusal[] = []

/** Adds a row. Its code follows from its place: the first is -2. */
function refusal(status: number, words: string): number {
  refusals.push({ status, words })
  return INCOMPLETE - refusals.length
}

// Lines (RFC 9112 §2.2)
export const BAD_LINE_END = refusal(400, 'A line ends with CR LF, and neither of the two stands alone.')
export const TOO_MANY_EMPTY_LINES = refusal(400, 'Only a few empty lines may precede a request line.')

// The request line (RFC 9112 §3)
export const BAD_METHOD = refusal(400, 'A request begins with a method, which is a token, and one space.')
export const METHOD_TOO_LONG = refusal(501, 'No method that this server knows is as long as this one.')
export const METHOD_NOT_IMPLEMENTED = refusal(
  501,
  'This server opens no tunnels: CONNECT is not implemented.',
)
export const BAD_REQUEST_LINE = refusal(
  400,
  'A request line is a method, a target and a version, each after one space.',
)
export const REQUEST_LINE_TOO_LONG = refusal(414, 'The request line is longer than this server accepts.')
export const BAD_VERSION = refusal(
  400,
  'The request line ends with HTTP/1.1, in capitals, one digit either side of the dot.',
)
export const VERSION_NOT_SUPPORTED = refusal(505, 'This server speaks version 1 of HTTP here.')

// The request target (RFC 9112 §3.2, RFC 3986)
export const BAD_TARGET_CHAR = refusal(
  400,
  'A request target holds no white space, no control character and no number sign, and its path no backslash.',
)
export const BAD_ESCAPE = refusal(400, 'A percent sign in a path is followed by two hexadecimal digits.')
export const BAD_TARGET_FORM = refusal(
  400,
  'A request target is a path or an http URI, * for OPTIONS, or host and port for CONNECT.',
)
export const BAD_AUTHORITY = refusal(
  400,
  'The authority of a request target is a valid host, perhaps with a port, without user information.',
)
export const BAD_PATH_TEXT = refusal(400, 'The octets of a path, its escapes decoded, are valid UTF-8.')
export const PATH_ABOVE_ROOT = refusal(400, 'A path does not lead above its root.')
export const NO_SUCH_PATH = refusal(
  404,
  'No resource here has a slash, a backslash or a control character within a segment of its path.',
)
export const WRONG_SCHEME = refusal(
  421,
  'The scheme of the request target does not belong to this connection.',
)

// The field section (RFC 9110 §5, RFC 9112 §5)
export const BAD_FIELD_NAME = refusal(
  400,
  'A field line begins with a name, which is a token, directly followed by a colon.',
)
export const BAD_FIELD_VALUE = refusal(400, 'A field value holds no control characters.')
export const FOLDED_LINE = refusal(400, 'A field line does not begin with white space: folding is obsolete.')
export const FIELD_LINE_TOO_LONG = refusal(431, 'A field line is longer than this server accepts.')
export const TOO_MANY_FIELDS = refusal(431, 'There are more field lines than this server accepts.')
export const FIELDS_TOO_LARGE = refusal(431, 'The fields together are larger than this server accepts.')
export const REPEATED_FIELD = refusal(400, 'A field that has one value stands on one line.')
export const MISSING_HOST = refusal(400, 'A request of HTTP/1.1 has a Host field.')
export const BAD_HOST = refusal(400, 'The value of Host is a valid host, perhaps with a port.')
export const EXPECTATION_FAILED = refusal(
  417,
  'The only expectation that this server can meet is 100-continue.',
)

// Framing (RFC 9112 §6)
export const BAD_CONTENT_LENGTH = refusal(400, 'Content-Length is a number in decimal digits, once.')
export const CONTENT_TOO_LARGE = refusal(413, 'The content is larger than this server accepts.')
export const LENGTH_AND_CODING = refusal(400, 'A message has Content-Length or Transfer-Encoding, not both.')
export const CODING_IN_HTTP_1_0 = refusal(400, 'HTTP/1.0 knows no Transfer-Encoding.')
export const BAD_TRANSFER_CODING = refusal(
  400,
  'The transfer coding chunked is applied once, last, and without parameters.',
)
export const CODING_NOT_IMPLEMENTED = refusal(
  501,
  'The only transfer coding that this server knows is chunked.',
)

// The chunked transfer coding (RFC 9112 §7.1)
export const BAD_CHUNK_SIZE = refusal(400, 'A chunk begins with its size in hexadecimal digits.')
export const CHUNK_TOO_LARGE = refusal(400, 'The size of a chunk is beyond what can be counted.')
export const BAD_CHUNK_EXTENSION = refusal(
  400,
  'A chunk extension is a semicolon, a token, and perhaps an equals sign and a token or quoted string.',
)
export const CHUNK_EXTENSIONS_TOO_LARGE = refusal(
  400,
  'The chunk extensions of a message are larger than this server accepts.',
)
export const BAD_CHUNK_END = refusal(400, 'The data of a chunk is followed directly by CR LF.')

// multipart/form-data (RFC 2046 §5.1, RFC 7578)
export const BAD_BOUNDARY = refusal(
  400,
  'The content type of a form with parts names their boundary: up to 70 characters of a few kinds.',
)
export const BAD_DELIMITER = refusal(400, 'A boundary between two parts has a line of its own.')
export const BAD_PART_HEAD = refusal(
  400,
  'The head of a part is lines that end with CR LF, each with a name, a colon and a value.',
)
export const PART_HEAD_TOO_LARGE = refusal(400, 'The head of a part is larger than this server accepts.')
export const TOO_MANY_PARTS = refusal(413, 'There are more parts than this server accepts.')
export const NO_LAST_BOUNDARY = refusal(
  400,
  'Content with parts ends with its boundary and two hyphens, without which it is not whole.',
)
export const NO_FORM_PART = refusal(
  400,
  'Each part of a form has a Content-Disposition that says form-data and a name.',
)

export function isRefusal(result: number): boolean {
  return result < INCOMPLETE
}

/** @param code one of the refusals above; anything else is our mistake */
export function refusalOf(code: number): Refusal {
  const row = refusals[INCOMPLETE - 1 - code]
  if (row === undefined) throw new RangeError(`${code} is not the code of a refusal`)
  return row
}
