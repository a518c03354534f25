/* The builtins' own operations on their storage, as C calls: see _builtins.py for what each does. */
#ifndef LOCKEDCONTAINERS_BUILTINS_H
#define LOCKEDCONTAINERS_BUILTINS_H

#include <Python.h>

#if PY_VERSION_HEX < 0x030d0000
#define LC_BEGIN_CRITICAL_SECTION(op) {
#define LC_END_CRITICAL_SECTION() }

static inline int lc_dict_find(PyObject *d, PyObject *key, PyObject **value)
{
    *value = PyDict_GetItemWithError(d, key);
    if (*value == NULL)
        return PyErr_Occurred() ? -1 : 0;
    Py_INCREF(*value);
    return 1;
}

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
#define lc_dict_find PyDict_GetItemRef
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

/* True if letting go of the object cannot run anybody's code. */
static inline int lc_is_plain(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    return type == &PyLong_Type || type == &PyUnicode_Type || value == Py_None || type == &PyFloat_Type ||
           type == &PyBool_Type || type == &PyBytes_Type;
}

static inline PyObject *lc_dict_get(PyObject *d, PyObject *key, PyObject *absent)
{
    PyObject *value;
    int found = lc_dict_find(d, key, &value);
    if (found > 0)
        return value;
    return found < 0 ? NULL : Py_NewRef(absent);
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
static PyObject *lc_dict_replaced(PyObject *d, PyObject *new, uint32_t *kept)
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
        if (found < 0 || (found && PyList_Append(replaced, old) < 0))
            Py_CLEAR(replaced);
        if (found > 0)
            Py_DECREF(old);
    }
    return replaced;
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

static PyObject *lc_dict_of_pairs(PyObject *pairs)
{
    Py_ssize_t i, size = PyList_GET_SIZE(pairs);
    PyObject *d = PyDict_New();
    for (i = 0; d != NULL && i < size; i += 2) {
        if (PyDict_SetItem(d, PyList_GET_ITEM(pairs, i), PyList_GET_ITEM(pairs, i + 1)) < 0)
            Py_CLEAR(d);
    }
    return d;
}

/* The Python frame and instruction that called into the room: compiled rooms have no frames of their own. */
static PyObject *lc_caller(void)
{
    PyFrameObject *frame = PyEval_GetFrame();
    return frame == NULL ? Py_BuildValue("(ii)", 0, 0) : Py_BuildValue("(Ni)", PyLong_FromVoidPtr(frame), PyFrame_GetLasti(frame));
}
#endif
