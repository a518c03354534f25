/* The builtins' own operations on their storage, as C calls: see _builtins.py for what each does. */
#ifndef LOCKEDCONTAINERS_BUILTINS_H
#define LOCKEDCONTAINERS_BUILTINS_H

#include <Python.h>

#include "_mutex.h"

#if PY_VERSION_HEX < 0x030d0000
#define LC_BEGIN_CRITICAL_SECTION(op) {
#define LC_END_CRITICAL_SECTION() }

/* 1: *value is what was there; 0: fallback was stored. */
static inline int lc_dict_find_or_set(PyObject *d, PyObject *key, PyObject *fallback, PyObject **value)
{
    Py_ssize_t before = PyDict_GET_SIZE(d);
    *value = PyDict_SetDefault(d, key, fallback);
    if (*value == NULL)
        return -1;
    Py_INCREF(*value);
    return *value != fallback || PyDict_GET_SIZE(d) == before;
}

static inline PyObject *lc_dict_pop(PyObject *d, PyObject *key, PyObject *absent)
{
    return _PyDict_Pop(d, key, absent);
}
#else
#define LC_BEGIN_CRITICAL_SECTION(op) Py_BEGIN_CRITICAL_SECTION(op)
#define LC_END_CRITICAL_SECTION() Py_END_CRITICAL_SECTION()
#define lc_dict_find_or_set PyDict_SetDefaultRef

static inline PyObject *lc_dict_pop(PyObject *d, PyObject *key, PyObject *absent)
{
    PyObject *value;
    int found = PyDict_Pop(d, key, &value);
    if (found > 0)
        return value;
    return found < 0 ? NULL : Py_NewRef(absent);
}
#endif

#ifdef Py_GIL_DISABLED
#define lc_dict_find PyDict_GetItemRef
#else
/* With the GIL a borrowed reference will do: nothing runs before it is our own. */
static inline int lc_dict_find(PyObject *d, PyObject *key, PyObject **value)
{
    *value = PyDict_GetItemWithError(d, key);
    if (*value == NULL)
        return PyErr_Occurred() ? -1 : 0;
    Py_INCREF(*value);
    return 1;
}
#endif

/* True if neither letting go of the object nor comparing it with another such one can run anybody's code. Bytes are not
 * among these: compared with a str of the same hash they may warn (python -b), and warnings are the user's to show. */
static inline int lc_is_plain(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    if (LC_LIKELY(type == &PyUnicode_Type) || LC_LIKELY(type == &PyLong_Type))
        return 1;
    return value == Py_None || type == &PyFloat_Type || type == &PyBool_Type;
}

static inline PyObject *lc_dict_get(PyObject *d, PyObject *key, PyObject *absent)
{
    PyObject *value;
    int found = lc_dict_find(d, key, &value);
    if (found > 0)
        return value;
    return found < 0 ? NULL : Py_NewRef(absent);
}

/* dict.__setitem__: PyDict_SetItem takes some steps more. */
static inline int lc_dict_set(PyObject *d, PyObject *key, PyObject *value)
{
    return PyDict_Type.tp_as_mapping->mp_ass_subscript(d, key, value);
}

/* *kept tells whether anything in the dict may run code when it is let go of. If nothing does, there is no need to
 * look for the old value, and an overwrite costs one look-up. Otherwise find_or_set comes first: it hashes a new
 * key once, as the builtin does. */
static inline PyObject *lc_dict_swap(PyObject *d, PyObject *key, PyObject *value, uint32_t *kept)
{
    PyObject *old;
    int found;
    if (!*kept) {
        *kept = !(lc_is_plain(value) && lc_is_plain(key));
        return PyDict_SetItem(d, key, value) < 0 ? NULL : Py_NewRef(Py_None);
    }
    found = lc_dict_find_or_set(d, key, value, &old);
    if (found < 0)
        return NULL;
    if (found && old != value && PyDict_SetItem(d, key, value) < 0) {
        Py_DECREF(old);
        return NULL;
    }
    return old;
}

static inline PyObject *lc_dict_setdefault(PyObject *d, PyObject *key, PyObject *fallback, uint32_t *kept)
{
    PyObject *value;
    *kept |= !(lc_is_plain(fallback) && lc_is_plain(key));
    return lc_dict_find_or_set(d, key, fallback, &value) < 0 ? NULL : value;
}

/* What an update with *new* will displace, or None if that cannot matter: no value of the dict runs code when it is
 * let go of, and no key of new does when it is looked up. *kept is brought up to date for the new values. */
static inline PyObject *lc_dict_replaced(PyObject *d, PyObject *new, uint32_t *kept)
{
    PyObject *key, *value, *old, *replaced;
    Py_ssize_t position = 0;
    uint32_t look = *kept, keep = *kept;
    while (PyDict_Next(new, &position, &key, &value)) {
        look |= !PyUnicode_CheckExact(key);
        keep |= !(lc_is_plain(value) && lc_is_plain(key));
    }
    *kept = keep;
    if (!look || PyDict_Size(d) == 0)
        return Py_NewRef(Py_None);
    replaced = PyList_New(0);
    position = 0;
    while (replaced != NULL && PyDict_Next(new, &position, &key, &value)) {
        int found = lc_dict_find(d, key, &old);
        if (found < 0 || (found && (PyList_Append(replaced, key) < 0 || PyList_Append(replaced, old) < 0)))
            Py_CLEAR(replaced);
        if (found > 0)
            Py_DECREF(old);
    }
    return replaced;
}

/* An update. If no key runs code when it is looked up, then nothing but a lack of memory can end it in its middle: what
 * is new comes first, which can be taken out again, and what displaces a value, for which no memory is needed, last. */
static int lc_dict_update(PyObject *d, PyObject *new)
{
    PyObject *key, *value, *there;
    Py_ssize_t position = 0;
    int found, again = 0, whole = PyDict_Size(d) == 0;
    while (!whole && PyDict_Next(new, &position, &key, &value))
        whole = !PyUnicode_CheckExact(key);
    if (whole)
        return PyDict_Update(d, new);
    position = 0;
    while (PyDict_Next(new, &position, &key, &value)) {
        found = lc_dict_find_or_set(d, key, value, &there);
        if (found < 0)
            return -1;
        Py_DECREF(there);
        again |= found;
    }
    position = 0;
    while (again && PyDict_Next(new, &position, &key, &value))
        if (PyDict_SetItem(d, key, value) < 0)
            return -1;
    return 0;
}

/* Keys and values in turn. The list comes first: to allocate it can run code, the loop cannot. */
static PyObject *lc_dict_pairs(PyObject *d)
{
    PyObject *pairs, *key, *value;
    Py_ssize_t position = 0, i = 0, size = PyDict_Size(d);
    int whole;
    pairs = PyList_New(2 * size);
    if (pairs == NULL)
        return NULL;
    LC_BEGIN_CRITICAL_SECTION(d);
    whole = PyDict_GET_SIZE(d) == size;
    while (whole && PyDict_Next(d, &position, &key, &value)) {
        PyList_SET_ITEM(pairs, i++, Py_NewRef(key));
        PyList_SET_ITEM(pairs, i++, Py_NewRef(value));
    }
    LC_END_CRITICAL_SECTION();
    if (whole)
        return pairs;
    Py_DECREF(pairs);
    return lc_dict_pairs(d);
}

/* A plain copy; or the pairs, if to make a dict of them runs somebody's code, which must wait until the lock is left.
 * (PyDict_Copy would call keys() and so lock again: it takes the storage only of types that iterate as dict does.) */
static inline PyObject *lc_dict_copy(PyObject *d)
{
    PyObject *key, *value, *copy = _PyDict_NewPresized(PyDict_Size(d));
    Py_ssize_t position = 0;
    int plain = 1, error = copy == NULL;
    LC_BEGIN_CRITICAL_SECTION(d);
    while (plain && !error && PyDict_Next(d, &position, &key, &value)) {
        plain = lc_is_plain(key);
        error = plain && PyDict_SetItem(copy, key, value) < 0;
    }
    LC_END_CRITICAL_SECTION();
    if (plain && !error)
        return copy;
    Py_XDECREF(copy);
    return error ? NULL : lc_dict_pairs(d);
}

static inline PyObject *lc_dict_of_pairs(PyObject *pairs)
{
    Py_ssize_t i, size = PyList_GET_SIZE(pairs);
    PyObject *d = _PyDict_NewPresized(size / 2);
    for (i = 0; d != NULL && i < size; i += 2) {
        if (PyDict_SetItem(d, PyList_GET_ITEM(pairs, i), PyList_GET_ITEM(pairs, i + 1)) < 0)
            Py_CLEAR(d);
    }
    return d;
}

/* An empty container of the same class, made as copyreg.__newobj__() makes it. */
static inline PyObject *lc_like(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject *nothing = PyTuple_New(0), *new = NULL;
    if (nothing != NULL) {
        new = type->tp_new(type, nothing, NULL);
        Py_DECREF(nothing);
    }
    return new;
}

/* --- list ------------------------------------------------------------------------------------------------------- */

/* A new reference, or NULL without an exception. A negative index counts from the end. */
static inline PyObject *lc_list_find(PyObject *l, Py_ssize_t i)
{
    Py_ssize_t size = PyList_GET_SIZE(l);
    if (i < 0)
        i += size;
    if ((size_t)i >= (size_t)size)
        return NULL;
#ifdef Py_GIL_DISABLED
    PyObject *item = PyList_GetItemRef(l, i);
    if (item == NULL)
        PyErr_Clear();
    return item;
#else
    return Py_NewRef(PyList_GET_ITEM(l, i));
#endif
}

static inline PyObject *lc_list_get(PyObject *l, Py_ssize_t i, PyObject *absent)
{
    PyObject *item = lc_list_find(l, i);
    return item != NULL ? item : Py_NewRef(absent);
}

static inline PyObject *lc_list_item(PyObject *l, Py_ssize_t i)
{
    PyObject *item = lc_list_find(l, i);
    if (item == NULL)
        PyErr_SetString(PyExc_IndexError, "list index out of range");
    return item;
}

/* The list's reference to the old element becomes the caller's. */
static inline PyObject *lc_list_swap(PyObject *l, Py_ssize_t i, PyObject *value)
{
    PyObject *old = NULL;
    LC_BEGIN_CRITICAL_SECTION(l);
    Py_ssize_t size = PyList_GET_SIZE(l);
    if (i < 0)
        i += size;
    if ((size_t)i < (size_t)size) {
        old = PyList_GET_ITEM(l, i);
#ifdef Py_GIL_DISABLED
        _Py_atomic_store_ptr_release(&((PyListObject *)l)->ob_item[i], Py_NewRef(value));
#else
        PyList_SET_ITEM(l, i, Py_NewRef(value));
#endif
    }
    LC_END_CRITICAL_SECTION();
    if (old == NULL)
        PyErr_SetString(PyExc_IndexError, "list assignment index out of range");
    return old;
}

/* Shrinks as list_resize() of CPython does: where it would not give back memory, the size is all that changes. */
static inline PyObject *lc_list_pop(PyObject *l, Py_ssize_t i)
{
    PyObject *item = NULL;
    Py_ssize_t size = PyList_GET_SIZE(l), last = size - 1;
    if (i < 0)
        i += size;
    if ((size_t)i >= (size_t)size) {
        PyErr_SetString(PyExc_IndexError, size ? "pop index out of range" : "pop from empty list");
        return NULL;
    }
    LC_BEGIN_CRITICAL_SECTION(l);
    if (i == last && PyList_GET_SIZE(l) == size && last > 0 && last >= ((PyListObject *)l)->allocated >> 1) {
        item = PyList_GET_ITEM(l, i);
        Py_SET_SIZE((PyVarObject *)l, last);
    }
    LC_END_CRITICAL_SECTION();
    if (item == NULL) {
        item = lc_list_item(l, i);
        if (item != NULL && PyList_SetSlice(l, i, i + 1, NULL) < 0)
            Py_CLEAR(item);
    }
    return item;
}

/* The element that was removed: the first one that is, or equals, *value*. */
static inline PyObject *lc_list_remove(PyObject *l, PyObject *value)
{
    PyObject *item;
    Py_ssize_t i;
    for (i = 0; (item = lc_list_find(l, i)) != NULL; i++) {
        int equal = PyObject_RichCompareBool(item, value, Py_EQ);
        if (equal > 0 && PyList_SetSlice(l, i, i + 1, NULL) == 0)
            return item;
        Py_DECREF(item);
        if (equal != 0)
            return NULL;
    }
    PyErr_SetString(PyExc_ValueError, "list.remove(x): x not in list");
    return NULL;
}

/* A slice whose parts are ints: to use it runs no code of the user. */
static inline PyObject *lc_plain_slice(PyObject *key)
{
    Py_ssize_t start, stop, step;
    PyObject *parts, *slice = NULL;
    PySliceObject *given = (PySliceObject *)key;
    if (!PySlice_Check(key))
        return PyErr_Format(PyExc_TypeError, "list indices must be integers or slices, not %.200s", Py_TYPE(key)->tp_name);
    if (lc_is_plain(given->start) && lc_is_plain(given->stop) && lc_is_plain(given->step))
        return Py_NewRef(key);
    if (PySlice_Unpack(key, &start, &stop, &step) < 0)
        return NULL;
    parts = Py_BuildValue("(nnn)", start, stop, step);
    if (parts != NULL) {
        slice = PySlice_New(PyTuple_GET_ITEM(parts, 0), PyTuple_GET_ITEM(parts, 1), PyTuple_GET_ITEM(parts, 2));
        Py_DECREF(parts);
    }
    return slice;
}

/* The elements of a plain slice, or all of them if that is None, as a list. It is allocated first, for that can run
 * code (CPython 3.11), and the loop cannot. */
static inline PyObject *lc_list_slice(PyObject *l, PyObject *slice)
{
    Py_ssize_t start = 0, stop = PY_SSIZE_T_MAX, step = 1, i, first, end, length, size = PyList_GET_SIZE(l);
    PyObject *items;
    int whole;
    if (slice != Py_None && PySlice_Unpack(slice, &start, &stop, &step) < 0)
        return NULL;
    first = start;
    end = stop;
    length = PySlice_AdjustIndices(size, &first, &end, step);
    items = PyList_New(length);
    if (items == NULL)
        return NULL;
    LC_BEGIN_CRITICAL_SECTION(l);
    whole = PyList_GET_SIZE(l) == size;
    for (i = 0; whole && i < length; i++)
        PyList_SET_ITEM(items, i, Py_NewRef(PyList_GET_ITEM(l, first + i * step)));
    LC_END_CRITICAL_SECTION();
    if (whole)
        return items;
    Py_DECREF(items);
    return lc_list_slice(l, slice);
}

/* Whether to compare the two objects cannot run anybody's code. */
static inline int lc_compare_plainly(PyObject *a, PyObject *b)
{
    richcmpfunc by_identity = PyBaseObject_Type.tp_richcompare;
    return (lc_is_plain(a) && lc_is_plain(b)) ||
           (Py_TYPE(a)->tp_richcompare == by_identity && Py_TYPE(b)->tp_richcompare == by_identity);
}

/* The first index in the range at which *value* is; -1: it is not there; -2: to find out would run somebody's code. */
static inline Py_ssize_t lc_list_look(PyObject *l, PyObject *value, Py_ssize_t start, Py_ssize_t stop)
{
    Py_ssize_t i, found = -1;
    LC_BEGIN_CRITICAL_SECTION(l);
    PySlice_AdjustIndices(PyList_GET_SIZE(l), &start, &stop, 1);
    for (i = start; i < stop && found == -1; i++) {
        PyObject *item = PyList_GET_ITEM(l, i);
        if (item == value)
            found = i;
        else if (!lc_compare_plainly(item, value))
            found = -2;
        else if (PyObject_RichCompareBool(item, value, Py_EQ) > 0)
            found = i;
    }
    LC_END_CRITICAL_SECTION();
    return found;
}

/* Whether these very objects are what the list holds. */
static inline int lc_list_holds(PyObject *l, PyObject *items)
{
    Py_ssize_t i, size = PyList_GET_SIZE(items);
    int same;
    LC_BEGIN_CRITICAL_SECTION(l);
    same = PyList_GET_SIZE(l) == size;
    for (i = 0; same && i < size; i++)
        same = PyList_GET_ITEM(l, i) == PyList_GET_ITEM(items, i);
    LC_END_CRITICAL_SECTION();
    return same;
}

static inline int lc_list_assign(PyObject *l, PyObject *slice, PyObject *items)
{
    return PyList_Type.tp_as_mapping->mp_ass_subscript(l, slice, items);
}

static inline int lc_list_delete(PyObject *l, PyObject *slice)
{
    return PyList_Type.tp_as_mapping->mp_ass_subscript(l, slice, NULL);
}

static inline int lc_list_extend(PyObject *l, PyObject *items)
{
    return PyList_SetSlice(l, PY_SSIZE_T_MAX, PY_SSIZE_T_MAX, items);
}

/* Takes the elements out of *items*, a list that only the caller has, if *l* has never held any. */
static inline int lc_list_replace(PyObject *l, PyObject *items)
{
    PyListObject *to = (PyListObject *)l, *from = (PyListObject *)items;
    PyObject **slots = from->ob_item;
    Py_ssize_t size = Py_SIZE(from), allocated = from->allocated;
    if (to->ob_item != NULL)
        return PyList_SetSlice(l, 0, PY_SSIZE_T_MAX, items);
    Py_SET_SIZE(from, 0);
    from->ob_item = NULL;
    from->allocated = 0;
    LC_BEGIN_CRITICAL_SECTION(l);
    to->allocated = allocated;
#ifdef Py_GIL_DISABLED
    _Py_atomic_store_ptr_release(&to->ob_item, slots);
#else
    to->ob_item = slots;
#endif
    Py_SET_SIZE(to, size);
    LC_END_CRITICAL_SECTION();
    return 0;
}

static inline int lc_list_clear(PyObject *l)
{
    return PyList_SetSlice(l, 0, PY_SSIZE_T_MAX, NULL);
}

static inline PyObject *lc_list_repeat(PyObject *l, Py_ssize_t times)
{
    return PyList_Type.tp_as_sequence->sq_inplace_repeat(l, times);
}

static inline Py_ssize_t lc_index(PyObject *number) { return PyNumber_AsSsize_t(number, PyExc_IndexError); }
static inline Py_ssize_t lc_count(PyObject *number) { return PyNumber_AsSsize_t(number, PyExc_OverflowError); }
static inline Py_ssize_t lc_bound(PyObject *number) { return PyNumber_AsSsize_t(number, NULL); }

/* operator.concat() and its kin look here first: without these they call the type's own methods, as `+` does. */
static inline void lc_drop_sequence_slots(PyObject *type)
{
    PySequenceMethods *slots = ((PyTypeObject *)type)->tp_as_sequence;
    slots->sq_concat = slots->sq_inplace_concat = NULL;
    slots->sq_repeat = slots->sq_inplace_repeat = NULL;
}

/* Whether the Python code that called into the room is at this instruction, with argument 0. */
static inline int lc_caller_is_at(int instruction)
{
    PyFrameObject *frame = PyEval_GetFrame();
    PyCodeObject *code;
    PyObject *all;
    int last, is_at = 0;
    if (frame == NULL)
        return 0;
    code = PyFrame_GetCode(frame);
    last = PyFrame_GetLasti(frame);
    all = PyCode_GetCode(code);
    Py_DECREF(code);
    if (all == NULL)
        return -1;
    if (last >= 0 && last + 1 < PyBytes_GET_SIZE(all)) {
        const unsigned char *at = (const unsigned char *)PyBytes_AS_STRING(all) + last;
        is_at = at[0] == instruction && at[1] == 0;
    }
    Py_DECREF(all);
    return is_at;
}

/* --- set -------------------------------------------------------------------------------------------------------- */

#define lc_set_or(s, other) PySet_Type.tp_as_number->nb_or(s, other)
#define lc_set_xor(s, other) PySet_Type.tp_as_number->nb_xor(s, other)
#define lc_set_and(s, other) PySet_Type.tp_as_number->nb_and(s, other)
#define lc_set_subtract(s, other) PySet_Type.tp_as_number->nb_subtract(s, other)
#define lc_set_update(s, other) PySet_Type.tp_as_number->nb_inplace_or(s, other)
#define lc_set_intersection_update(s, other) PySet_Type.tp_as_number->nb_inplace_and(s, other)
#define lc_set_difference_update(s, other) PySet_Type.tp_as_number->nb_inplace_subtract(s, other)
#define lc_set_symmetric_difference_update(s, other) PySet_Type.tp_as_number->nb_inplace_xor(s, other)
#define lc_set_ge(s, other) PySet_Type.tp_richcompare(s, other, Py_GE)
#define lc_set_gt(s, other) PySet_Type.tp_richcompare(s, other, Py_GT)

/* Whether the exception says that a set cannot be hashed, which in a look-up stands for a frozenset. If so clears it. */
static inline int lc_set_is_unhashable(PyObject *value)
{
    if (!PySet_Check(value) || !PyErr_ExceptionMatches(PyExc_TypeError))
        return 0;
    PyErr_Clear();
    return 1;
}

/* 0, 1, or 2 if the value is a set that cannot be hashed. */
static inline int lc_set_contains(PyObject *s, PyObject *value)
{
    int found = PySet_Contains(s, value);
    return found < 0 && lc_set_is_unhashable(value) ? 2 : found;
}

/* Whether it was added. */
static inline int lc_set_add(PyObject *s, PyObject *value)
{
    Py_ssize_t before = PySet_GET_SIZE(s);
    return PySet_Add(s, value) < 0 ? -1 : PySet_GET_SIZE(s) > before;
}

/* As for lc_list_slice. */
static inline PyObject *lc_set_items(PyObject *s)
{
    Py_ssize_t i = 0, n = 0, size = PySet_GET_SIZE(s);
    PyObject *items = PyList_New(size);
    int whole;
    if (items == NULL)
        return NULL;
    LC_BEGIN_CRITICAL_SECTION(s);
    PySetObject *so = (PySetObject *)s;
    whole = PySet_GET_SIZE(s) == size;
    for (; whole && i <= so->mask; i++) {
        setentry *entry = &so->table[i];
        if (entry->key != NULL && entry->hash != -1)
            PyList_SET_ITEM(items, n++, Py_NewRef(entry->key));
    }
    LC_END_CRITICAL_SECTION();
    if (whole)
        return items;
    Py_DECREF(items);
    return lc_set_items(s);
}

/* The elements with this hash, found where set_lookkey() of CPython looks for them; if they are more than LC_ALIKE,
 * the number is greater and none is given. */
#define LC_ALIKE 8
static inline int lc_set_find_alike(PyObject *s, Py_hash_t hash, PyObject **found)
{
    int n = 0;
    LC_BEGIN_CRITICAL_SECTION(s);
    PySetObject *so = (PySetObject *)s;
    size_t mask = (size_t)so->mask, perturb = (size_t)hash, i = (size_t)hash & mask;
    for (;;) {
        setentry *entry = &so->table[i];
        int probes = i + 9 <= mask ? 9 : 0;
        do {
            if (entry->hash == 0 && entry->key == NULL)
                goto done;
            if (entry->hash == hash && n++ < LC_ALIKE)
                found[n - 1] = Py_NewRef(entry->key);
            entry++;
        } while (probes--);
        perturb >>= 5;
        i = (i * 5 + 1 + perturb) & mask;
    }
done:;
    LC_END_CRITICAL_SECTION();
    if (n > LC_ALIKE) {
        int i;
        for (i = 0; i < LC_ALIKE; i++)
            Py_DECREF(found[i]);
    }
    return n;
}

/* Discard an element. What keeps it alive, Ellipsis if there was none, or NotImplemented if the value is a set that
 * cannot be hashed. */
static inline PyObject *lc_set_take(PyObject *s, PyObject *value)
{
    PyObject *found[LC_ALIKE], *kept;
    Py_hash_t hash = PyObject_Hash(value);
    int n, i, discarded;
    if (hash != -1)
        n = lc_set_find_alike(s, hash, found);
    else {
        if (!PyErr_ExceptionMatches(PyExc_TypeError))
            return NULL;
        PyErr_Clear(); /* PySet_Discard says it in its own words */
        n = 0;
    }
    if (n == 0)
        kept = Py_NewRef(Py_None);
    else if (n == 1)
        kept = found[0];
    else if (n > LC_ALIKE)
        kept = lc_set_items(s);
    else {
        kept = PyList_New(n);
        for (i = 0; i < n; i++) {
            if (kept != NULL)
                PyList_SET_ITEM(kept, i, found[i]);
            else
                Py_DECREF(found[i]);
        }
    }
    discarded = kept == NULL ? -1 : PySet_Discard(s, value);
    if (discarded > 0)
        return kept;
    Py_XDECREF(kept);
    if (discarded < 0)
        return kept != NULL && lc_set_is_unhashable(value) ? Py_NewRef(Py_NotImplemented) : NULL;
    return Py_NewRef(Py_Ellipsis);
}

/* What keeps alive the elements that are equal to any of a set that no other thread has. */
static inline PyObject *lc_set_all_alike(PyObject *s, PyObject *values)
{
    PyObject *found[LC_ALIKE], *kept = PyList_New(0);
    PySetObject *so = (PySetObject *)values;
    Py_ssize_t at;
    for (at = 0; kept != NULL && at <= so->mask; at++) {
        setentry *entry = &so->table[at];
        int n, i, failed = 0;
        if (entry->key == NULL || entry->hash == -1)
            continue;
        n = lc_set_find_alike(s, entry->hash, found);
        if (n > LC_ALIKE) {
            Py_DECREF(kept);
            return lc_set_items(s);
        }
        for (i = 0; i < n; i++) {
            failed |= PyList_Append(kept, found[i]);
            Py_DECREF(found[i]);
        }
        if (failed)
            Py_CLEAR(kept);
    }
    return kept;
}

/* --- deque ------------------------------------------------------------------------------------------------------
 *
 * There is no C API for it. Its type has slots; and the descriptors of its methods have the C functions that a call
 * of them ends in. CPython defines both for good before it lets anybody have the type. */

#ifdef LC_DEQUE_SIZE
/* Only the size matters: setup.py has it from the interpreter, and Cython compares it at import. */
typedef struct {
    char opaque[LC_DEQUE_SIZE];
} lc_deque_object;
#endif

static struct {
    PyTypeObject *type;
    PySequenceMethods *slots;
    getiterfunc iter;
    PyCFunction append, appendleft, pop, popleft;
} lc_deque;

static inline PyCFunction lc_function_of(PyObject *type, const char *name, int flags)
{
    PyObject *method = PyObject_GetAttrString(type, name);
    PyCFunction function = NULL;
    if (method == NULL)
        return NULL;
    if (Py_IS_TYPE(method, &PyMethodDescr_Type) && ((PyMethodDescrObject *)method)->d_method->ml_flags == flags)
        function = ((PyMethodDescrObject *)method)->d_method->ml_meth;
    else
        PyErr_Format(PyExc_ImportError, "deque.%s is called in another way than is known", name);
    Py_DECREF(method);
    return function;
}

static inline int lc_deque_learn(PyObject *type)
{
    lc_deque.type = (PyTypeObject *)type;
    lc_deque.slots = ((PyTypeObject *)type)->tp_as_sequence;
    lc_deque.iter = ((PyTypeObject *)type)->tp_iter;
    lc_deque.append = lc_function_of(type, "append", METH_O);
    lc_deque.appendleft = lc_function_of(type, "appendleft", METH_O);
    lc_deque.pop = lc_function_of(type, "pop", METH_NOARGS);
    lc_deque.popleft = lc_function_of(type, "popleft", METH_NOARGS);
    return lc_deque.append && lc_deque.appendleft && lc_deque.pop && lc_deque.popleft ? 0 : -1;
}

/* A class gets the methods of its base as its own: CPython is quicker to call a method of an object's very class. */
static inline int lc_adopt_methods(PyObject *type, PyObject *base)
{
    PyObject *name, *method, *methods = PyObject_GetAttrString(base, "__dict__"), *all;
    Py_ssize_t i;
    int error = 0;
    all = methods == NULL ? NULL : PyMapping_Items(methods);
    Py_XDECREF(methods);
    for (i = 0; all != NULL && !error && i < PyList_GET_SIZE(all); i++) {
        name = PyTuple_GET_ITEM(PyList_GET_ITEM(all, i), 0);
        method = PyTuple_GET_ITEM(PyList_GET_ITEM(all, i), 1);
        if (Py_IS_TYPE(method, &PyMethodDescr_Type)) {
            method = PyDescr_NewMethod((PyTypeObject *)type, ((PyMethodDescrObject *)method)->d_method);
            error = method == NULL || PyObject_SetAttr(type, name, method) < 0;
            Py_XDECREF(method);
        }
    }
    Py_XDECREF(all);
    return all == NULL || error ? -1 : 0;
}

#define lc_deque_len(d) lc_deque.slots->sq_length(d)
#define lc_deque_pop(d) lc_deque.pop(d, NULL)
#define lc_deque_popleft(d) lc_deque.popleft(d, NULL)

static inline PyObject *lc_deque_item(PyObject *d, Py_ssize_t i)
{
    return lc_deque.slots->sq_item(d, i < 0 ? i + lc_deque_len(d) : i);
}

static inline PyObject *lc_deque_swap(PyObject *d, Py_ssize_t i, PyObject *value)
{
    PyObject *old = lc_deque_item(d, i);
    if (old != NULL && lc_deque.slots->sq_ass_item(d, i < 0 ? i + lc_deque_len(d) : i, value) < 0)
        Py_CLEAR(old);
    return old;
}

/* bound: the maxlen and one, 0 if there is none. The result is what is displaced, or None. */
static inline PyObject *lc_deque_add(PyObject *d, PyObject *value, Py_ssize_t bound, PyCFunction add, Py_ssize_t end)
{
    Py_ssize_t size = bound ? lc_deque_len(d) : 0;
    PyObject *none, *displaced = size && size + 1 >= bound ? lc_deque_item(d, end) : Py_NewRef(Py_None);
    if (displaced == NULL)
        return NULL;
    none = add(d, value);
    if (none == NULL)
        Py_CLEAR(displaced);
    Py_XDECREF(none);
    return displaced;
}

#define lc_deque_append(d, value, bound) lc_deque_add(d, value, bound, lc_deque.append, 0)
#define lc_deque_appendleft(d, value, bound) lc_deque_add(d, value, bound, lc_deque.appendleft, -1)

/* The list and the iterator come first: to allocate them can run code (CPython 3.11), the loop cannot. */
static inline PyObject *lc_deque_items(PyObject *d)
{
    Py_ssize_t i, size = lc_deque_len(d);
    PyObject *items = PyList_New(size), *iterator = items == NULL ? NULL : lc_deque.iter(d);
    iternextfunc next = iterator == NULL ? NULL : Py_TYPE(iterator)->tp_iternext;
    if (iterator == NULL || lc_deque_len(d) != size) {
        Py_XDECREF(iterator);
        Py_XDECREF(items);
        return items == NULL || iterator == NULL ? NULL : lc_deque_items(d);
    }
    for (i = 0; i < size; i++) {
        PyObject *item = next(iterator);
        if (item == NULL) {
            Py_CLEAR(items);
            break;
        }
        PyList_SET_ITEM(items, i, item);
    }
    Py_DECREF(iterator);
    return items;
}

/* --- sorted ----------------------------------------------------------------------------------------------------- */

/* Where *key* belongs in the sorted list. The comparisons may change it: then the caller looks again. */
static inline Py_ssize_t lc_list_bisect(PyObject *l, PyObject *key, int right)
{
    Py_ssize_t low = 0, high = PyList_GET_SIZE(l);
    Py_INCREF(l);
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        PyObject *item;
        int less;
        if (middle >= PyList_GET_SIZE(l)) {
            high = PyList_GET_SIZE(l);
            continue;
        }
        item = Py_NewRef(PyList_GET_ITEM(l, middle));
        less = right ? PyObject_RichCompareBool(key, item, Py_LT) : PyObject_RichCompareBool(item, key, Py_LT);
        Py_DECREF(item);
        if (less < 0) {
            low = -1;
            break;
        }
        if (less == right)
            high = middle;
        else
            low = middle + 1;
    }
    Py_DECREF(l);
    return low;
}

/* Iterators hold sublists. With the GIL the count of references tells, and who writes copies those first. */
static inline PyObject *lc_list_owned(PyObject *lists, Py_ssize_t at)
{
    PyObject *sub;
    if (at < 0 || at >= PyList_GET_SIZE(lists)) {
        PyErr_SetString(PyExc_IndexError, "list index out of range");
        return NULL;
    }
    sub = PyList_GET_ITEM(lists, at);
#ifndef Py_GIL_DISABLED
    if (Py_REFCNT(sub) > 1) {
        PyObject *copy = PyList_GetSlice(sub, 0, PyList_GET_SIZE(sub));
        if (copy == NULL)
            return NULL;
        PyList_SET_ITEM(lists, at, copy);
        Py_DECREF(sub);
        sub = copy;
    }
#endif
    return Py_NewRef(sub);
}

#ifdef Py_GIL_DISABLED
static inline PyObject *lc_lists_held(PyObject *lists)
{
    Py_ssize_t at, size = PyList_GET_SIZE(lists);
    PyObject *held = PyList_New(size);
    for (at = 0; held != NULL && at < size; at++) {
        PyObject *sub = PyList_GET_ITEM(lists, at), *copy = PyList_GetSlice(sub, 0, PyList_GET_SIZE(sub));
        if (copy == NULL)
            Py_CLEAR(held);
        else
            PyList_SET_ITEM(held, at, copy);
    }
    return held;
}
#else
#define lc_lists_held(lists) Py_NewRef(lists)
#endif

/* CPython up to some 3.14 lets set.add() write over an element that a comparison has added meanwhile, and count both:
 * to clear or free that set reads past its table (python/cpython#141805). Count anew; whether there was such a one. */
static inline int lc_set_recounted(PyObject *s)
{
#if PY_VERSION_HEX < 0x030F0000
    PySetObject *set = (PySetObject *)s;
    Py_ssize_t at, used = 0, fill = 0, counted = set->used;
    for (at = 0; at <= set->mask; at++) {
        fill += set->table[at].key != NULL;
        used += set->table[at].key != NULL && set->table[at].hash != -1;
    }
    if (used == counted)
        return 0;
    set->fill = fill;
    set->used = used;
    return 1;
#else
    (void)s;
    return 0;
#endif
}

/* These keys and their values in turn; None if that may run code of users, or a key is not there. */
static inline PyObject *lc_dict_pairs_of(PyObject *d, PyObject *keys)
{
    Py_ssize_t i, size = PyList_GET_SIZE(keys);
    PyObject *pairs, *value;
    for (i = 0; i < size; i++) {
        if (!lc_is_plain(PyList_GET_ITEM(keys, i)))
            return Py_NewRef(Py_None);
    }
    pairs = PyList_New(2 * size);
    for (i = 0; pairs != NULL && i < size; i++) {
        PyObject *key = PyList_GET_ITEM(keys, i);
        int found = lc_dict_find(d, key, &value);
        if (found <= 0) {
            Py_DECREF(pairs);
            return found < 0 ? NULL : Py_NewRef(Py_None);
        }
        PyList_SET_ITEM(pairs, 2 * i, Py_NewRef(key));
        PyList_SET_ITEM(pairs, 2 * i + 1, value);
    }
    return pairs;
}

/* Until it is resumed no finalizer runs: an allocation may start a collection only before CPython 3.12. */
#if PY_VERSION_HEX < 0x030c0000
static inline int lc_pause_gc(void) { return PyGC_Disable(); }
static inline int lc_resume_gc(int was_on) { return was_on ? PyGC_Enable() : 0; }
#else
#define lc_pause_gc() 0
#define lc_resume_gc(was_on) ((void)(was_on), 0)
#endif

/* The Python frame and instruction that called into the room: compiled rooms have no frames of their own. */
static inline PyObject *lc_caller(void)
{
    PyFrameObject *frame = PyEval_GetFrame();
    return frame == NULL ? Py_BuildValue("(ii)", 0, 0) : Py_BuildValue("(Ni)", PyLong_FromVoidPtr(frame), PyFrame_GetLasti(frame));
}

/* Where *place*, which lc_caller gave, is now: 0 the caller is there, 1 further up in the stack, -1 gone on or ended. */
static inline int lc_standing(PyObject *place)
{
    long instruction = PyLong_AsLong(PyTuple_GET_ITEM(place, 1));
    void *wanted = PyLong_AsVoidPtr(PyTuple_GET_ITEM(place, 0));
    PyFrameObject *frame = (PyFrameObject *)Py_XNewRef(PyEval_GetFrame());
    int above = 0;
    while (frame != NULL) {
        PyFrameObject *back = PyFrame_GetBack(frame);
        int there = frame == wanted;
        int moved = there && PyFrame_GetLasti(frame) != instruction;
        Py_DECREF(frame);
        if (there) {
            Py_XDECREF(back);
            return moved ? -1 : above;
        }
        frame = back;
        above = 1;
    }
    return wanted == NULL ? above : -1;
}
#endif
