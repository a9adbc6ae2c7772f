/**
 * What a service manager wants to hear (sd_notify(3)), and what it wants to hear regularly.
 *
 *   const manager = serviceManager(process.env)
 *   manager.ready(), .reloading(), .stopping(), .mainPid(pid)
 *   manager.keepWatch()                                           WATCHDOG=1 at half of the time that it allows
 *
 * Without NOTIFY_SOCKET all of it does nothing. Sockets that the manager has opened for us are another matter
 * (`inheritedListeners` in `io/listener.ts`).
 */

import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from '../sys/constants.ts'
import { close, sendto, socket } from '../sys/libc.ts'

export interface ServiceManager {
  /** All sockets listen and the workers answer; also the end of a reload, whether it succeeded or not. */
  ready(): void
  reloading(): void
  stopping(): void
  /** Another process is the service now. */
  mainPid(pid: number): void
  keepWatch(): void
}

export function serviceManager(env: NodeJS.ProcessEnv): ServiceManager {
  const address = notifyAddress(env.NOTIFY_SOCKET ?? '')
  const tell = (...lines: string[]): void => {
    if (address !== null) send(address, lines.join('\n'))
  }
  return {
    ready: () => tell('READY=1'),
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => tell('STOPPING=1'),
    mainPid: pid => tell(`MAINPID=${pid}`),
    keepWatch() {
      const intervalMs = watchdogMs(env) / 2
      if (address !== null && intervalMs > 0) setInterval(tell, intervalMs, 'WATCHDOG=1').unref()
    },
  }
}

/** @returns bytes of a `struct sockaddr_un`: a path, or with an `@` an abstract name, which is as long as it is (unix(7)) */
function notifyAddress(name: string): Buffer | null {
  if (!/^[/@]./.test(name)) return null
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name.replace(/^@/, '\0'))])
}

/** A manager that does not listen is no reason to stop: nobody is told. */
function send(address: Buffer, text: string): void {
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
  if (fd < 0) return
  sendto(fd, Buffer.from(text), address)
  close(fd)
}

/** sd_watchdog_enabled(3): the time is meant for one process, if that is named. @returns 0 when nobody watches */
function watchdogMs(env: NodeJS.ProcessEnv): number {
  const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: pid = String(process.pid) } = env
  return /^\d+$/.test(microseconds) && pid === String(process.pid) ? Number(microseconds) / 1000 : 0
}
