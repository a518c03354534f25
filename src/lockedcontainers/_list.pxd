from libc.stdint cimport int64_t

from lockedcontainers._builtins cimport (
    bound_of, caller_is_at_now, count_of, drop_sequence_slots, index_of, is_index, like, list_append, list_assign, list_clear,
    list_delete, list_extend, list_get, list_holds, list_insert, list_item, list_len, list_look, list_pop, list_remove,
    list_repeat, list_replace, list_reverse, list_slice, list_swap, plain_slice,
)
from lockedcontainers._mutex cimport (
    acquire_at, alone_at, begin_read_at, enter_at, forget, lc_mutex, leave_at, release_at, section_at, validate_at,
)


cdef class LockedList(list):
    cdef lc_mutex _mutex
    cdef object __weakref__

cdef object ABSENT
cdef object BINARY_OP
cdef Py_ssize_t MAX
cdef Py_ssize_t UNDECIDED
cdef tuple PLAIN

cdef list read(LockedList xs, object part)
cdef Py_ssize_t look(LockedList xs, object value, Py_ssize_t start, Py_ssize_t stop) except -3
cdef object rewrite(LockedList xs, list old, list new, str name)
cdef object filled(object new, object items)
cdef bint is_list(object other) noexcept
cdef object plain(object other)
cdef object given(LockedList xs, object iterable)
cdef object compared(LockedList xs, object other, object by)

# What _mutex.py and _builtins.py have under the same names, bound to the struct in our object.

cdef inline int enter(LockedList self) except -1:
    return enter_at(&self._mutex, self)

cdef inline bint alone(LockedList self) noexcept:
    return alone_at(&self._mutex)

cdef inline int leave(LockedList self) noexcept:
    return leave_at(&self._mutex)

cdef inline int acquire(LockedList self) except -1:
    return acquire_at(&self._mutex, self)

cdef inline int release(LockedList self) noexcept:
    return release_at(&self._mutex)

cdef inline int64_t begin_read(LockedList self) noexcept:
    return begin_read_at(&self._mutex)

cdef inline bint validate(LockedList self, int64_t stamp) noexcept:
    return validate_at(&self._mutex, stamp)

cdef inline object section(LockedList self, object timeout):
    return section_at(&self._mutex, self, timeout)

cdef inline int discard(LockedList self) noexcept:
    return forget(&self._mutex)

cdef inline bint caller_is_at(object globals, int instruction) except -1:
    return caller_is_at_now(instruction)
