// An older version of this application had a worker; this one takes itself away.
self.addEventListener('activate', () => self.registration.unregister())
