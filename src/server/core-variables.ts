/**
 * The variables that there are before any feature adds its own.
 *
 *   coreVariables()      a table of them
 *   CORE_GROUPS          the same by subject, for the manual
 */

import { CONNECTION_FAMILIES, CONNECTION_ROWS } from './connection-variables.ts'
import { FIELD_FAMILIES, FIELD_ROWS } from './field-variables.ts'
import { PROCESS_ROWS } from './process-variables.ts'
import { REQUEST_FAMILIES, REQUEST_ID, REQUEST_ROWS } from './request-variables.ts'
import { RESPONSE_ROWS } from './response-variables.ts'
import { type VariableFamily, type VariableRow, Variables } from './variables.ts'

export interface VariableGroup {
  readonly title: string
  readonly rows: readonly VariableRow[]
  /** Those that are computed once. */
  readonly onceRows: readonly VariableRow[]
  readonly families: readonly VariableFamily[]
}

export const CORE_GROUPS: readonly VariableGroup[] = [
  { title: 'The request', rows: REQUEST_ROWS, onceRows: [REQUEST_ID], families: REQUEST_FAMILIES },
  { title: 'Fields', rows: FIELD_ROWS, onceRows: [], families: FIELD_FAMILIES },
  { title: 'The answer', rows: RESPONSE_ROWS, onceRows: [], families: [] },
  { title: 'The connection', rows: CONNECTION_ROWS, onceRows: [], families: CONNECTION_FAMILIES },
  { title: 'Time and process', rows: PROCESS_ROWS, onceRows: [], families: [] },
]

export function coreVariables(): Variables {
  const variables = new Variables()
  for (const { rows, onceRows, families } of CORE_GROUPS) {
    for (const row of rows) variables.add(row)
    for (const row of onceRows) variables.addOnce(row)
    for (const family of families) variables.addFamily(family)
  }
  return variables
}
