/** The nginx whose configuration language and behaviour are the model, as `$nginx_version` and `-v` tell it. */
export const SURROGATE_VERSION = '1.31.5'
