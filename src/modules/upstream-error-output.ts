/**
 * What a FastCGI program writes to its error output, put together for lines of the log: records may be cut anywhere.
 *
 *   output.take(bytes)     whether it has what makes an answer invalid (`fastcgi_catch_stderr`)
 *   output.tell()          what there is so far is told: something else has come, or it is over
 */

/** So much is collected for one line. */
const MOST_CHARACTERS = 2048

export class ErrorOutput {
  private readonly caught: readonly string[]
  private readonly log: (words: string) => void
  private text = ''

  /** @param log is given nginx's sentence */
  constructor(caught: readonly string[], log: (words: string) => void) {
    this.caught = caught
    this.log = log
  }

  take(bytes: Buffer): boolean {
    this.text += bytes.toString('latin1')
    const isInvalid = this.caught.some(words => this.text.includes(words))
    if (isInvalid || this.text.length >= MOST_CHARACTERS) this.tell()
    return isInvalid
  }

  tell(): void {
    if (this.text === '') return
    const words = this.text.replace(/[\r\n. ]+$/, '')
    this.text = ''
    if (words !== '') this.log(`FastCGI sent in stderr: "${words}"`)
  }
}
