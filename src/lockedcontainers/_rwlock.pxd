cimport cython
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint64_t, uintptr_t

from lockedcontainers._mutex cimport (
    enter_at, enter_now_at, forget, lc_mutex, leave_at, lives, thread_id, thread_word, wait_of,
)


@cython.final
cdef class Hold:
    cdef uint64_t thread
    cdef uintptr_t word
    cdef Py_ssize_t reads
    cdef Py_ssize_t writes

@cython.final
cdef class Waiter:
    cdef ReadWriteLock lock
    cdef Hold hold
    cdef object signal
    cdef uint64_t thread
    cdef uintptr_t word
    cdef unsigned long ident
    cdef bint writes, upgrades, timed, queued, chosen, impatient, let_in, woken

@cython.final
cdef class Turn:
    cdef ReadWriteLock _lock
    cdef object _value
    cdef bint _writes
    cdef double _timeout

cdef class ReadWriteLock:
    cdef lc_mutex _mutex
    cdef list _holds
    cdef list _queue
    cdef Hold _last
    cdef Hold _writer
    cdef Py_ssize_t _readers, _bars
    cdef bint _fair, _writers_first
    cdef unsigned long long _forks, _waits, _timeouts, _deadlocks
    cdef double _waited, _longest
    cdef readonly object name
    cdef readonly object preference
    cdef object __weakref__

cdef unsigned long long _forks
cdef uint64_t _survivor
cdef dict _waits
cdef object _verdict

@cython.locals(made=Turn)
cdef Turn turn(ReadWriteLock lock, object value, bint writes, object timeout)
@cython.locals(me=uint64_t, hold=Hold)
cdef bint read_now(ReadWriteLock lock) except -1
@cython.locals(me=uint64_t, hold=Hold)
cdef bint write_now(ReadWriteLock lock) except -1
@cython.locals(me=uint64_t, hold=Hold)
cdef bint upgrade_now(ReadWriteLock lock) except -1
@cython.locals(me=uint64_t, hold=Hold, stopped=bint)
cdef int stop(ReadWriteLock lock, bint writes, bint reads) except -1
cdef object insist(ReadWriteLock lock)
@cython.locals(waiter=Waiter, writing=Py_ssize_t)
cdef tuple figures(ReadWriteLock lock)
@cython.locals(last=Hold)
cdef inline Hold hold_for(ReadWriteLock lock, uint64_t thread, uintptr_t word, Hold spare)
@cython.locals(hold=Hold, unused=Hold)
cdef Hold find_hold(ReadWriteLock lock, uint64_t thread, uintptr_t word, Hold spare)
cdef int settle(ReadWriteLock lock) except -1
@cython.locals(hold=Hold, waiter=Waiter)
cdef int keep_only(ReadWriteLock lock, uint64_t thread) except -1
cdef bint bars(ReadWriteLock lock, Waiter waiter) except -1
cdef int join(ReadWriteLock lock, Waiter waiter) except -1
cdef int part(ReadWriteLock lock, Waiter waiter) except -1
cdef bint goes_before(ReadWriteLock lock, Waiter other, Waiter waiter) except -1
@cython.locals(hold=Hold, other=Waiter, reads=bint)
cdef bint may_enter(ReadWriteLock lock, Waiter waiter) except -1
@cython.locals(hold=Hold)
cdef int let_in(ReadWriteLock lock, Waiter waiter) except -1
cdef int end_read(ReadWriteLock lock, Hold hold) except -1
cdef int end_write(ReadWriteLock lock, Hold hold) except -1
cdef int serve(ReadWriteLock lock, bint only_choose) except -1
@cython.locals(waiter=Waiter, served=bint, i=Py_ssize_t)
cdef bint serve_some(ReadWriteLock lock, bint only_choose, bint readers, bint writers) except -1
@cython.locals(waiter=Waiter)
cdef bint wait(ReadWriteLock lock, bint writes, bint upgrades, double timeout) except -1
@cython.locals(lock=ReadWriteLock, now=double, end=double, look=double, over=bint)
cdef list wait_as(Waiter waiter, double started, double timeout)
cdef int sleep(Waiter waiter, double seconds) except -1
@cython.locals(first=Waiter)
cdef bint look_again(ReadWriteLock lock, Waiter waiter, bint last) except -1
@cython.locals(hold=Hold)
cdef int undo(ReadWriteLock lock, Waiter waiter) except -1
cdef int note(ReadWriteLock lock, double seconds) except -1
cdef list find_deadlock(Waiter waiter)
cdef list cycle_of(Waiter waiter)
cdef list way_back(object word, object start, set seen)
@cython.locals(waiter=Waiter)
cdef list links_of(object word)
@cython.locals(lock=ReadWriteLock, hold=Hold, other=Waiter)
cdef list blockers(Waiter waiter)

# What _mutex.py has under the same names, bound to the struct in our object.

cdef inline int enter(ReadWriteLock self) except -1:
    return enter_at(&self._mutex, self)

cdef inline bint enter_now(ReadWriteLock self) noexcept:
    return enter_now_at(&self._mutex)

cdef inline int leave(ReadWriteLock self) noexcept:
    return leave_at(&self._mutex)

cdef inline int discard(ReadWriteLock self) noexcept:
    return forget(&self._mutex)

cdef inline int check_signals() except -1:
    return PyErr_CheckSignals()
