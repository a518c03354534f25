from libc.stdint cimport int64_t

from lockedcontainers._builtins cimport (
    frozenset_of, like, set_add, set_all_alike, set_and, set_clear, set_contains, set_difference_update, set_ge,
    set_gt, set_intersection_update, set_items, set_len, set_of, set_or, set_pop, set_subtract,
    set_symmetric_difference_update, set_take, set_update, set_xor,
)
from lockedcontainers._mutex cimport (
    acquire_at, begin_read_at, enter_at, forget, lc_mutex, leave_at, release_at, section_at, validate_at,
)


cdef class LockedSet(set):
    cdef lc_mutex _mutex

cdef object ISDISJOINT
cdef int UNHASHABLE

cdef int has(LockedSet s, object value) except -1
cdef bint take(LockedSet s, object value) except -1
cdef object frozen_copy(LockedSet s)
cdef list items_of(LockedSet s)
cdef object copied(LockedSet s)
cdef object asked(LockedSet s, object other, str what)
cdef object add_all(LockedSet s, object theirs)
cdef object keep_common(LockedSet s, object theirs)
cdef object remove_all(LockedSet s, object theirs)
cdef object toggle_all(LockedSet s, object theirs)
cdef object replace_all(LockedSet s, object found, list kept, object new)
cdef object emptied(LockedSet s)
cdef bint is_locked(object other) noexcept
cdef bint is_plain_set(object other) noexcept
cdef bint is_set(object other) except -1
cdef object given(LockedSet s, object other)
cdef object gathered(LockedSet s, tuple others)
cdef object shared(LockedSet s, tuple others)
cdef object united(LockedSet s, tuple others)
cdef object common(LockedSet s, object theirs)
cdef object reduced(LockedSet s, tuple others)
cdef object exclusive(LockedSet s, object other)
cdef object compared(LockedSet s, object other, object by)
cdef object frozen(object value)

# What _mutex.py has under the same names, bound to the struct in our object.

cdef inline int enter(LockedSet self) except -1:
    return enter_at(&self._mutex, self)

cdef inline int leave(LockedSet self) noexcept:
    return leave_at(&self._mutex)

cdef inline int acquire(LockedSet self) except -1:
    return acquire_at(&self._mutex, self)

cdef inline int release(LockedSet self) noexcept:
    return release_at(&self._mutex)

cdef inline int64_t begin_read(LockedSet self) noexcept:
    return begin_read_at(&self._mutex)

cdef inline bint validate(LockedSet self, int64_t stamp) noexcept:
    return validate_at(&self._mutex, stamp)

cdef inline object section(LockedSet self, object timeout):
    return section_at(&self._mutex, self, timeout)

cdef inline int dispose(LockedSet self) noexcept:
    return forget(&self._mutex)
