cimport cython

from lockedcontainers._builtins cimport (
    bound_of, caller_at, dict_contains, dict_get, dict_keys, dict_len, dict_of_pairs, dict_pairs, dict_pairs_of, dict_pop,
    index_of, is_index, lists_held, plain_slice, set_recounted,
)
from lockedcontainers._dict cimport (
    MISSING, LockedDict, acquire, begin_merge, dict_clear, dict_replaced, dict_swap, dict_update, release,
)
from lockedcontainers._order cimport (
    LOAD, Order, UNHASHED, add_all, arrange, contents, cut, cut_out, cut_slice, delete, drop, enter, few, find, flat, insert, key_of, keys_of,
    leave, number, place, refill, search, section, share_mutex, spot, walk, where,
)

cdef object ABSENT

cdef Order order_of(object container)
cdef Order keyed_order_of(object container)
cdef Py_ssize_t bound(object index, Py_ssize_t default) except? -1

cdef object start(object target, Order order, object key, object iterable, bint hashed)
@cython.locals(changes=Py_ssize_t)
cdef object reset(object target, Order order, Py_ssize_t load)
cdef object check(object target, Order order)
cdef tuple copied(object target, Order order)
cdef Py_ssize_t load_of(object target, Order order) except -1
cdef Py_ssize_t length(object target, Order order) except -1
cdef object iterated(object target, Order order, bint reverse)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, _=Py_ssize_t)
cdef object item(object target, Order order, Py_ssize_t index)
cdef list part(object target, Order order, slice piece)
@cython.locals(changes=Py_ssize_t, first=Py_ssize_t, idx=Py_ssize_t, last=Py_ssize_t, end=Py_ssize_t, start=Py_ssize_t, stop=Py_ssize_t, _=Py_ssize_t)
cdef object sliced(object target, Order order, slice piece, bint reverse)
@cython.locals(changes=Py_ssize_t, first=Py_ssize_t, idx=Py_ssize_t, last=Py_ssize_t, end=Py_ssize_t, _=Py_ssize_t)
cdef object ranged(object target, Order order, object low, object high, bint with_low, bint with_high, bint reverse)
@cython.locals(changes=Py_ssize_t, pos=Py_ssize_t, idx=Py_ssize_t, index=Py_ssize_t)
cdef Py_ssize_t bisected(object target, Order order, object key, bint right) except -1
@cython.locals(changes=Py_ssize_t, pos=Py_ssize_t, idx=Py_ssize_t, index=Py_ssize_t)
cdef Py_ssize_t indexed(object target, Order order, object value, object key, Py_ssize_t start, Py_ssize_t stop) except -2
@cython.locals(index=Py_ssize_t, last=Py_ssize_t, end=Py_ssize_t, _=Py_ssize_t)
cdef Py_ssize_t sought(Order order, object value, object key, Py_ssize_t pos, Py_ssize_t idx, Py_ssize_t start, Py_ssize_t stop) except -2
@cython.locals(changes=Py_ssize_t, pos=Py_ssize_t, idx=Py_ssize_t, last=Py_ssize_t, end=Py_ssize_t, _=Py_ssize_t, count=Py_ssize_t)
cdef Py_ssize_t counted(Order order, object value, object key) except -1
cdef object emptied(object target, Order order)
cdef tuple vacated(Order order)

cdef object reconcile(Order order, LockedDict d)

cdef bint contained(Order order, object value, object key) except -1
cdef object added(Order order, object value, object key)
cdef object list_updated(Order order, list values)
@cython.locals(changes=Py_ssize_t)
cdef object list_multiplied(Order order, object times)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef object list_taken(Order order, object value, object key)
cdef object list_popped(Order order, Py_ssize_t index)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef object list_deleted(Order order, Py_ssize_t index)
@cython.locals(changes=Py_ssize_t)
cdef object list_popped_if(Order order, object predicate)
cdef object list_cut(Order order, slice piece)

@cython.locals(members=set)
cdef bint set_contains(object s, Order order, object value) except -1
@cython.locals(members=set)
cdef object asked(object s, Order order, object question, set other)
@cython.locals(members=set, looked=Py_ssize_t, pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t, placed=bint)
cdef bint set_added(object s, Order order, object value) except -1
@cython.locals(members=set, pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef object set_taken(object s, Order order, object value)
@cython.locals(changes=Py_ssize_t)
cdef object hash_in(Order order, set members, object value)
@cython.locals(members=set, changes=Py_ssize_t)
cdef object unhashed(Order order, object value)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef object set_popped(object s, Order order, Py_ssize_t index)
@cython.locals(changes=Py_ssize_t)
cdef object set_popped_if(object s, Order order, object predicate)
cdef object set_cut(object s, Order order, slice piece)
@cython.locals(expected=Py_ssize_t, members=set)
cdef object all_unhashed(Order order, list values)
@cython.locals(changes=Py_ssize_t, expected=Py_ssize_t, members=set)
cdef object set_updated(object s, Order order, set others)
@cython.locals(members=set, changes=Py_ssize_t)
cdef object set_reduced(object s, Order order, set others)
@cython.locals(changes=Py_ssize_t)
cdef object rewritten(Order order, set others, bint wanted)
@cython.locals(values=list, keys=list, kept_values=list, kept_keys=list, at=Py_ssize_t)
cdef tuple kept_of(tuple contents, set others, bint wanted)
cdef object set_restricted(object s, Order order, set others)
@cython.locals(members=set, changes=Py_ssize_t)
cdef object set_toggled(object s, Order order, set others)

@cython.locals(changes=Py_ssize_t)
cdef object dict_started(LockedDict d, Order order, object key)
@cython.locals(changes=Py_ssize_t, keys=list, pairs=list)
cdef list ordered_pairs(LockedDict d, Order order)
cdef list dict_copied(LockedDict d, Order order)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, _=Py_ssize_t)
cdef object dict_item(LockedDict d, Order order, Py_ssize_t index)
@cython.locals(changes=Py_ssize_t)
cdef list dict_part(LockedDict d, Order order, slice piece)
@cython.locals(looked=Py_ssize_t, pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t, placed=bint)
cdef object dict_put(LockedDict d, Order order, object key, object value)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef object dict_taken(LockedDict d, Order order, object key)
@cython.locals(changes=Py_ssize_t)
cdef object dict_unhashed(LockedDict d, Order order, object key)
cdef object dict_popped(LockedDict d, Order order, object key)
@cython.locals(pos=Py_ssize_t, idx=Py_ssize_t, changes=Py_ssize_t)
cdef object dict_popped_at(LockedDict d, Order order, Py_ssize_t index, object if_empty)
@cython.locals(changes=Py_ssize_t)
cdef object dict_popped_if(LockedDict d, Order order, object predicate)
@cython.locals(changes=Py_ssize_t)
cdef object dict_cut(LockedDict d, Order order, slice piece)
@cython.locals(changes=Py_ssize_t, expected=Py_ssize_t)
cdef object dict_updated(LockedDict d, Order order, dict new)
cdef object dict_emptied(LockedDict d, Order order)
cdef tuple laid_out(Order order, list values, list keys, Py_ssize_t load, set members)
cdef Order hashing(Order order)
cdef object rekey(Order order, object key)

# What _builtins.py has under the same name.

cdef inline tuple caller(object globals):
    return caller_at()
