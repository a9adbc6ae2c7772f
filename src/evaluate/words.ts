/**
 * What the sheet says, in two languages at once.
 *
 *   say('closed', 'fermée')     Words
 *   plain('405')                the same in both
 *   joined(list)                one after the other
 *   byteCount(1)                '1 byte', '1 octet'
 *   languageOf(process.env)     'fr' where the user's locale is French, else 'en'
 *
 * Every sentence stands where it is used, in both languages: one cannot be changed and the other forgotten.
 */

export type Language = 'en' | 'fr'

export interface Words {
  readonly en: string
  readonly fr: string
}

export const NOTHING: Words = { en: '', fr: '' }

export function say(en: string, fr: string): Words {
  return { en, fr }
}

export function plain(text: string): Words {
  return { en: text, fr: text }
}

export function joined(list: readonly Words[], separator: Words | string = ', '): Words {
  const between = typeof separator === 'string' ? plain(separator) : separator
  return {
    en: list.map(one => one.en).join(between.en),
    fr: list.map(one => one.fr).join(between.fr),
  }
}

/** "1 byte", "2 bytes"; French counts nothing as one, too. */
export function byteCount(count: number): Words {
  return say(`${count} ${count === 1 ? 'byte' : 'bytes'}`, `${count} ${count < 2 ? 'octet' : 'octets'}`)
}

/** "405", "405 or 501", "400, 405 or 501". */
export function oneOf(list: readonly Words[]): Words {
  if (list.length < 2) return list[0] ?? NOTHING
  return joined([joined(list.slice(0, -1)), list.at(-1)!], say(' or ', ' ou '))
}

/** The first of the three that is set decides, as in setlocale(3). */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  const locale = [env.LC_ALL, env.LC_MESSAGES, env.LANG].find(one => one !== undefined && one !== '') ?? ''
  return /^fr([_.@]|$)/i.test(locale) ? 'fr' : 'en'
}
