cimport cython

from lockedcontainers._builtins cimport list_bisect, list_owned, lists_held, pause_gc, resume_gc
from lockedcontainers._dict cimport LockedDict
from lockedcontainers._mutex cimport enter_at, forget, lc_mutex, leave_at, section_at


cdef class Order:
    cdef lc_mutex _mutex
    cdef lc_mutex *_lock  # its own, or that of the dict which it belongs to
    cdef readonly list _lists
    cdef readonly list _keys
    cdef readonly list _maxes
    cdef public list _index
    cdef readonly set _members
    cdef readonly object _key
    cdef public Py_ssize_t _len
    cdef readonly Py_ssize_t _load
    cdef public Py_ssize_t _offset
    cdef Py_ssize_t _changes

ctypedef (Py_ssize_t, Py_ssize_t) lc_place
ctypedef (Py_ssize_t, Py_ssize_t, Py_ssize_t) lc_look

cdef Py_ssize_t FEW
cdef Py_ssize_t LOAD
cdef set UNHASHED

cdef object key_of(Order order, object value)
cdef list keys_of(object key, list values)

@cython.locals(keys=list, pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef lc_look where(Order order, object key, bint right) except *
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef lc_look find(Order order, object value, object key) except *
@cython.locals(lists=list, keys=list, sub=list)
cdef lc_place search(Order order, object value, object key, Py_ssize_t pos, Py_ssize_t idx) except *
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef lc_look spot(Order order, Py_ssize_t index) except *
@cython.locals(lists=list, tree=list, length=Py_ssize_t, pos=Py_ssize_t, first=Py_ssize_t, offset=Py_ssize_t, below=Py_ssize_t)
cdef lc_place descend(Order order, Py_ssize_t index) except *
@cython.locals(tree=list, at=Py_ssize_t, below=Py_ssize_t)
cdef Py_ssize_t number(Order order, Py_ssize_t pos, Py_ssize_t idx) except -1
@cython.locals(lengths=list, tree=list, width=Py_ssize_t, at=Py_ssize_t, changes=Py_ssize_t)
cdef list built(Order order)
@cython.locals(tree=list, at=Py_ssize_t)
cdef list bumped(Order order, Py_ssize_t pos, Py_ssize_t by)
@cython.locals(values=list)
cdef list flat(list lists)
@cython.locals(changes=Py_ssize_t)
cdef tuple contents(Order order)
@cython.locals(changes=Py_ssize_t, first=Py_ssize_t, idx=Py_ssize_t, last=Py_ssize_t, end=Py_ssize_t, start=Py_ssize_t, stop=Py_ssize_t, step=Py_ssize_t, values=list)
cdef list cut(Order order, slice piece)
@cython.locals(lists=list, head=list, tail=list, middle=list)
cdef object walk(Order order, Py_ssize_t first, Py_ssize_t idx, Py_ssize_t last, Py_ssize_t end, bint reverse)

@cython.locals(lists=list, keys=list, maxes=list, sub=list, key_sub=list, load=Py_ssize_t, tree=list, subs=list, key_subs=list, tops=list, size=Py_ssize_t)
cdef bint insert(Order order, Py_ssize_t pos, Py_ssize_t idx, Py_ssize_t changes, object value, object key) except -1
@cython.locals(lists=list, keys=list, maxes=list, sub=list, key_sub=list, load=Py_ssize_t, tree=list, subs=list, key_subs=list, tops=list, first=Py_ssize_t, gone=list, key_gone=list, size=Py_ssize_t)
cdef bint delete(Order order, Py_ssize_t pos, Py_ssize_t idx, Py_ssize_t changes) except -1
cdef list exchanged(list items, Py_ssize_t first, Py_ssize_t last, list new)
cdef list beside(list lists, Py_ssize_t pos, list sub)
cdef list spread(list values, Py_ssize_t load)
@cython.locals(length=Py_ssize_t, at=Py_ssize_t, lists=list, key_lists=list, maxes=list, tree=list)
cdef tuple refill(Order order, Py_ssize_t changes, list values, list keys, Py_ssize_t load, set members)

cdef object arrange(list values, list keys)
@cython.locals(new=list, at=Py_ssize_t)
cdef list permuted(list values, list places)
cdef bint few(Order order, object values) except -1
@cython.locals(before=Py_ssize_t, at=Py_ssize_t, changes=Py_ssize_t)
cdef object add_all(Order order, list values, list keys)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef object place(Order order, object value, object key)
@cython.locals(changes=Py_ssize_t)
cdef object drop(Order order, list values)
@cython.locals(at=Py_ssize_t, pos=Py_ssize_t, idx=Py_ssize_t, _=Py_ssize_t, keys=list, left=Py_ssize_t)
cdef object cut_out(Order order, Py_ssize_t changes, list places, list values)
@cython.locals(at=Py_ssize_t)
cdef object put_in(Order order, list places, list values, list keys)
@cython.locals(changes=Py_ssize_t)
cdef tuple cut_slice(Order order, slice piece)

# What _mutex.py and _builtins.py have under the same names, bound to the struct in our object.

cdef inline int own_mutex(Order order) noexcept:
    order._lock = &order._mutex
    return 0

cdef inline int share_mutex(Order order, LockedDict d) noexcept:
    order._lock = &d._mutex
    return 0

cdef inline int enter(Order order, object target) except -1:
    return enter_at(order._lock, target)

cdef inline int leave(Order order) noexcept:
    return leave_at(order._lock)

cdef inline object section(Order order, object target, object timeout):
    return section_at(order._lock, target, timeout)

cdef inline int discard(Order order) noexcept:
    return forget(&order._mutex)
