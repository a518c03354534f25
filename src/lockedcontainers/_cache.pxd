cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint32_t, uint64_t

from lockedcontainers._builtins cimport dict_len, dict_pop, dict_swap_at, dict_values
from lockedcontainers._locking cimport Mutex
from lockedcontainers._mutex cimport (
    acquire_at, begin_read_at, enter_at, forget, is_mine, lc_mutex, leave_at, release_at, section_at, validate_at,
)

cdef extern from "_builtins.h":
    # Given a pointer, Cython leaves the reference count of the storage alone, at which all readers would meet.
    object get_at "lc_dict_get" (PyObject *d, object key, object absent)

cdef extern from "_cache.h":
    ctypedef struct lc_tally:
        pass
    void lc_tally_up(lc_tally *) noexcept
    uint64_t lc_tallied(lc_tally *) noexcept
    void lc_tally_clear(lc_tally *) noexcept
    void lc_mark(uint32_t *) noexcept
    uint32_t lc_marks(uint32_t *) noexcept
    void lc_set_marks(uint32_t *, uint32_t) noexcept
    uint64_t spread "lc_spread" (Py_hash_t) noexcept
    double lc_load_time(double *) noexcept
    void lc_store_time(double *, double) noexcept
    double lc_monotonic() noexcept

@cython.final
cdef class Entry:
    cdef readonly object key
    cdef readonly object value
    cdef Py_hash_t hash
    cdef readonly double weight
    cdef readonly double expires
    cdef double seen
    cdef double queued
    cdef Py_ssize_t at
    cdef Py_ssize_t due
    cdef uint32_t marks
    cdef bint young

@cython.final
cdef class Queue:
    cdef list places
    cdef Py_ssize_t hand
    cdef Py_ssize_t live
    cdef double weight
    cdef bint by_deadline

@cython.final
cdef class Sketch:
    cdef bytearray counts
    cdef Py_ssize_t counted
    cdef bytearray days
    cdef int today
    cdef Py_ssize_t spent
    cdef int won

cdef class Flight(Mutex):
    cdef object value

cdef class Base:
    pass

cdef class LockedCache(Base):
    cdef lc_mutex _mutex
    cdef lc_tally _hits
    cdef dict _entries
    cdef dict _loads     # key -> the Flight of the thread that loads its value; None while nobody does
    cdef Queue _main
    cdef Queue _small
    cdef Queue _deadlines
    cdef Sketch _sketch  # None if the policy needs none
    cdef object _maxsize
    cdef double _limit
    cdef double _window
    cdef str _policy
    cdef bint _exact     # a hit moves its entry: LRU
    cdef bint _timed
    cdef object _ttl
    cdef object _idle
    cdef object _stale
    cdef double _life
    cdef double _rest
    cdef double _grace
    cdef object _clock
    cdef object _weigh
    cdef object _on_evict
    cdef Py_ssize_t _writes
    cdef Py_ssize_t _misses
    cdef Py_ssize_t _loaded
    cdef Py_ssize_t _failed
    cdef double _load_time
    cdef list _evictions
    cdef object __weakref__

cdef object MISSING
cdef tuple CAUSES
cdef int MOST
cdef double WINDOW
cdef double WIDEST
cdef double ROUNDED
cdef double RETURNS
cdef int SOON
cdef int CREDIT
cdef Py_ssize_t EXPIRED
cdef Py_ssize_t REMOVED
cdef Py_ssize_t REPLACED
cdef Py_ssize_t SIZE

cdef int join(Queue queue, Entry entry) except -1
cdef int renew(Queue queue, Entry entry) except -1
cdef int part(Queue queue, Entry entry) except -1
@cython.locals(entry=Entry, there=Entry)
cdef int close_gaps(Queue queue) except -1
cdef Entry oldest(Queue queue)
@cython.locals(mixed=uint64_t, mask=uint64_t, first=Py_ssize_t, second=Py_ssize_t, one=int, other=int, least=int)
cdef int count(Sketch sketch, Py_hash_t hash, int times) except -1
@cython.locals(mixed=uint64_t, mask=uint64_t, place=Py_ssize_t)
cdef int think_less_of(Sketch sketch, Py_hash_t hash) except -1
@cython.locals(mixed=uint64_t, mask=uint64_t)
cdef int turn_away(Sketch sketch, Py_hash_t hash) except -1
@cython.locals(mixed=uint64_t, mask=uint64_t, first=Py_ssize_t, second=Py_ssize_t, one=int, other=int)
cdef bint was_turned_away(Sketch sketch, Py_hash_t hash) except -1
cdef int pass_time(Sketch sketch, Py_ssize_t entries) except -1

@cython.locals(entry=Entry)
cdef Entry new_entry(LockedCache cache, object key, object value, double weight)
cdef double weight_of(LockedCache cache, object value) except -1
cdef bint is_fresh(LockedCache cache, Entry entry, double moment) noexcept
cdef bint is_overdue(LockedCache cache, Entry entry, double moment) noexcept
@cython.locals(entry=Entry, stamp=int64_t, moment=double)
cdef Entry found(LockedCache cache, object key)
@cython.locals(entry=Entry, moment=double)
cdef Entry look(LockedCache cache, object key)
cdef int use(LockedCache cache, Entry entry, double moment) except -1
@cython.locals(entry=Entry, moment=double)
cdef Entry peek(LockedCache cache, object key)
@cython.locals(entry=Entry, ours=Flight, theirs=Flight, moment=double, began=double)
cdef object load(LockedCache cache, object key, object loader, tuple args, dict kwargs, str what)
@cython.locals(entry=Entry, took=double, stamp=Py_ssize_t)
cdef object land(LockedCache cache, object key, Flight flight, object value, double began)
cdef int fail(LockedCache cache, double seconds) except -1
cdef object drop_load(LockedCache cache, object key, Flight flight)
cdef int detach(LockedCache cache, object key) except -1
cdef Py_ssize_t begin(LockedCache cache) except -1
cdef object end(LockedCache cache, Py_ssize_t stamp, list gone)
cdef bint is_torn(LockedCache cache) noexcept
@cython.locals(entry=Entry)
cdef object heal(LockedCache cache, list gone)
@cython.locals(stamp=Py_ssize_t)
cdef object put(LockedCache cache, Entry entry)
@cython.locals(entry=Entry, stamp=Py_ssize_t)
cdef object put_all(LockedCache cache, list entries)
cdef int store(LockedCache cache, Entry entry, double moment, list gone) except -1
cdef int meet(LockedCache cache, Sketch sketch, Entry entry) except -1
@cython.locals(eldest=Entry)
cdef object link(LockedCache cache, Entry entry)
cdef int unlink(LockedCache cache, Entry entry) except -1
@cython.locals(victim=Entry, sketch=Sketch)
cdef int make_room(LockedCache cache, double weight, bint young, list gone) except -1
@cython.locals(candidate=Entry, victim=Entry, sketch=Sketch)
cdef Entry choose(LockedCache cache, bint for_young)
@cython.locals(entry=Entry)
cdef Entry swept(LockedCache cache)
cdef int frequency(LockedCache cache, Entry entry) except -1
cdef int promote(LockedCache cache, Entry entry) except -1
@cython.locals(entry=Entry)
cdef int drop_overdue(LockedCache cache, double moment, list gone) except -1
@cython.locals(entry=Entry, moment=double)
cdef object add_rows(LockedCache cache, list rows)
@cython.locals(entry=Entry)
cdef int by_deadline(LockedCache cache) except -1
cdef int note(LockedCache cache, Entry entry, Py_ssize_t cause, list gone) except -1
@cython.locals(there=Entry)
cdef int let_go(LockedCache cache, Entry entry, Py_ssize_t cause, list gone) except -1
@cython.locals(entry=Entry)
cdef object report(LockedCache cache, list gone)
@cython.locals(entry=Entry, moment=double, stamp=Py_ssize_t)
cdef object taken(LockedCache cache, object key)
@cython.locals(entry=Entry)
cdef list emptied(LockedCache cache)
@cython.locals(entry=Entry)
cdef list fresh_entries(LockedCache cache, bint in_order)

# What _mutex.py and the end of _cache.py have under the same names, bound to what is in our object.

cdef inline int enter(LockedCache self) except -1:
    return enter_at(&self._mutex, self)

cdef inline int leave(LockedCache self) noexcept:
    return leave_at(&self._mutex)

cdef inline int acquire(LockedCache self) except -1:
    return acquire_at(&self._mutex, self)

cdef inline int release(LockedCache self) noexcept:
    return release_at(&self._mutex)

cdef inline int64_t begin_read(LockedCache self) noexcept:
    return begin_read_at(&self._mutex)

cdef inline bint validate(LockedCache self, int64_t stamp) noexcept:
    return validate_at(&self._mutex, stamp)

cdef inline object section(LockedCache self, object timeout):
    return section_at(&self._mutex, self, timeout)

cdef inline bint holds(LockedCache self) noexcept:
    return is_mine(&self._mutex)

cdef inline int discard(LockedCache self) noexcept:
    return forget(&self._mutex)

cdef inline Entry find(LockedCache self, object key):
    return <Entry>get_at(<PyObject *>self._entries, key, None)

cdef inline Entry swap(LockedCache self, Entry entry):
    cdef uint32_t kept = 1
    return <Entry>dict_swap_at(self._entries, entry.key, entry, &kept)

cdef inline int count_hit(LockedCache self) noexcept:
    lc_tally_up(&self._hits)
    return 0

cdef inline uint64_t hits_of(LockedCache self) noexcept:
    return lc_tallied(&self._hits)

cdef inline int forget_hits(LockedCache self) noexcept:
    lc_tally_clear(&self._hits)
    return 0

cdef inline int mark(Entry entry) noexcept:
    lc_mark(&entry.marks)
    return 0

cdef inline uint32_t marks(Entry entry) noexcept:
    return lc_marks(&entry.marks)

cdef inline int set_marks(Entry entry, uint32_t value) noexcept:
    lc_set_marks(&entry.marks, value)
    return 0

cdef inline double seen(Entry entry) noexcept:
    return lc_load_time(&entry.seen)

cdef inline int see(Entry entry, double moment) noexcept:
    lc_store_time(&entry.seen, moment)
    return 0

cdef inline double now(LockedCache self) except? -1:
    return lc_monotonic() if self._clock is None else <double>self._clock()
