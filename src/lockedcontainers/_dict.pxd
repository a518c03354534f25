cimport cython
from libc.stdint cimport int64_t

from lockedcontainers._builtins cimport (
    caller_at, dict_clear_at, dict_contains, dict_copy, dict_get, dict_items, dict_keys, dict_len, dict_of_pairs, dict_pairs,
    dict_pop, dict_replaced_at, dict_set, dict_setdefault_at, dict_swap_at, dict_update_at, dict_values,
    is_plain, standing_at,
)
from lockedcontainers._mutex cimport (
    acquire_at, alone_at, begin_read_at, enter_at, forget, is_mine, is_served_at, lc_mutex, leave_at, release_at, section_at,
    serve_at, validate_at,
)


cdef class LockedDict(dict):
    cdef lc_mutex _mutex
    cdef Aside _aside  # None as long as nobody has needed it
    cdef object __weakref__

cdef class Aside:
    cdef dict loads
    cdef dict merges

cdef class Merge:
    cdef tuple place
    cdef list pairs
    cdef Py_ssize_t at
    cdef Merge outer

# C globals: to look the names up in the module would cost more than the dict access.
cdef object ABSENT
cdef object MISSING

cdef object missing(LockedDict d, object key)
cdef object read(LockedDict d, str what)
cdef int store(LockedDict d, object key, object value) except -1
cdef object look(LockedDict d, object key, bint merging)
cdef object put_all(LockedDict d, dict new)
cdef object store_all(LockedDict d, dict new, list kept)
cdef list put_back(LockedDict d, list replaced, Py_ssize_t size)
cdef Aside aside(LockedDict d)
cdef object load(LockedDict d, object key, object factory)
cdef object drop_load(LockedDict d, object key, object mutex)
cdef list begin_merge(LockedDict d, tuple place)
cdef object answer(LockedDict d, Merge merge, object key)
@cython.locals(merge=Merge)
cdef int settle(LockedDict d) except -1
cdef int keep(LockedDict d, Merge merge) except -1

# What _mutex.py and _builtins.py have under the same names, bound to the struct in our object.

cdef inline int enter(LockedDict self) except -1:
    return enter_at(&self._mutex, self)

cdef inline int change(LockedDict self) except -1:
    if is_served_at(&self._mutex):
        settle(self)
    enter_at(&self._mutex, self)
    return 0

cdef inline bint alone(LockedDict self, object key, object value) noexcept:
    return alone_at(&self._mutex) and not self._mutex.kept and is_plain(key) and is_plain(value)

cdef inline int leave(LockedDict self) noexcept:
    return leave_at(&self._mutex)

cdef inline int acquire(LockedDict self) except -1:
    if is_served_at(&self._mutex):
        settle(self)
    acquire_at(&self._mutex, self)
    return 0

cdef inline int release(LockedDict self) noexcept:
    return release_at(&self._mutex)

cdef inline int64_t begin_read(LockedDict self) noexcept:
    return begin_read_at(&self._mutex)

cdef inline bint validate(LockedDict self, int64_t stamp) noexcept:
    return validate_at(&self._mutex, stamp)

cdef inline int serve(LockedDict self, bint on) noexcept:
    serve_at(&self._mutex, on)
    return 0

cdef inline object section(LockedDict self, object timeout):
    return section_at(&self._mutex, self, timeout)

cdef inline bint holds(LockedDict self) noexcept:
    return is_mine(&self._mutex)

cdef inline int discard(LockedDict self) noexcept:
    return forget(&self._mutex)

cdef inline object dict_swap(LockedDict self, object key, object value):
    return dict_swap_at(self, key, value, &self._mutex.kept)

cdef inline object dict_setdefault(LockedDict self, object key, object value):
    return dict_setdefault_at(self, key, value, &self._mutex.kept)

cdef inline object dict_replaced(LockedDict self, dict new):
    return dict_replaced_at(self, new, &self._mutex.kept)

cdef inline int dict_update(LockedDict self, dict new) except -1:
    return dict_update_at(self, new)

cdef inline object dict_popitem(LockedDict self):
    return dict.popitem(self)

cdef inline list dict_clear(LockedDict self):
    cdef list kept = dict_pairs(self) if self._mutex.kept else None
    dict_clear_at(self)
    self._mutex.kept = 0
    return kept

cdef inline tuple caller(object globals):
    return caller_at()

cdef inline int standing(object globals, tuple place) except -2:
    return standing_at(place)
