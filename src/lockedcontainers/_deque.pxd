from lockedcontainers._builtins cimport (
    adopt_methods, count_of, deque_append, deque_appendleft, deque_item, deque_items, deque_len, deque_pop, deque_popleft,
    deque_swap, index_of, is_index, learn_deque, like,
)
from lockedcontainers._mutex cimport enter_at, forget, lc_mutex, leave_at, section_at

cdef extern from "_builtins.h":
    ctypedef class collections.deque [object lc_deque_object, check_size error]:
        pass


cdef class Ring(deque):
    cdef lc_mutex _mutex
    cdef Py_ssize_t _bound

cdef list read(Ring d)
cdef tuple read_whole(Ring d)
cdef tuple taken(Ring d)
cdef object fill(Ring d, object new)
cdef list displaceable(Ring d)
cdef object take_back(Ring d, Py_ssize_t size, list before, bint left)
cdef object whole(Ring d)
cdef object filled(Ring d, object content)
cdef object given(Ring d, object iterable)
cdef list repeated(list items, object maxlen, Py_ssize_t times)
cdef Py_ssize_t checked(object key) except? -1
cdef object compared(Ring d, object other, object by)

# What _mutex.py and _builtins.py have under the same names, bound to the struct in our object.

cdef inline int enter(Ring self) except -1:
    return enter_at(&self._mutex, self)

cdef inline int leave(Ring self) noexcept:
    return leave_at(&self._mutex)

cdef inline object section(Ring self, object timeout):
    return section_at(&self._mutex, self, timeout)

cdef inline int discard(Ring self) noexcept:
    return forget(&self._mutex)

# CPython has slots and functions for the other operations (_builtins.h); for these, what its type has by name.

cdef inline object deque_maxlen(Ring self):
    return deque.maxlen.__get__(self)

cdef inline object deque_init(Ring self, object items, object maxlen):
    return deque.__init__(self, items, maxlen)

cdef inline object deque_extend(Ring self, object items):
    return deque.extend(self, items)

cdef inline object deque_extendleft(Ring self, object items):
    return deque.extendleft(self, items)

cdef inline object deque_insert(Ring self, Py_ssize_t index, object item):
    return deque.insert(self, index, item)

cdef inline object deque_delete(Ring self, Py_ssize_t index):
    return deque.__delitem__(self, index)

cdef inline object deque_remove(Ring self, object value):
    return deque.remove(self, value)

cdef inline object deque_rotate(Ring self, Py_ssize_t steps):
    return deque.rotate(self, steps)

cdef inline object deque_reverse(Ring self):
    return deque.reverse(self)

cdef inline object deque_clear(Ring self):
    return deque.clear(self)
