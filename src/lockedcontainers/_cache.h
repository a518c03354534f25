/* What a hit writes: its count, and a mark in the entry. Both are written by readers that hold no lock. */
#ifndef LOCKEDCONTAINERS_CACHE_H
#define LOCKEDCONTAINERS_CACHE_H

#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "_mutex.h"

/* As many marks as count: what is asked for more often is worth no more. */
#define LC_MOST 15

#ifdef Py_GIL_DISABLED
/* Threads that hit the cache at the same time should not meet at one counter: each has one of eight, a cache line each. */
#define LC_STRIPES 8
#define LC_STRIDE 8
#else
#define LC_STRIPES 1
#define LC_STRIDE 1
#endif

typedef struct {
    uint64_t counts[LC_STRIPES * LC_STRIDE];
} lc_tally;

static inline void lc_tally_up(lc_tally *tally)
{
#ifdef Py_GIL_DISABLED
    size_t stripe = (size_t)(((uint64_t)lc_thread_word() * UINT64_C(0x9E3779B97F4A7C15)) >> 61);
    _Py_atomic_add_uint64(&tally->counts[stripe * LC_STRIDE], 1);
#else
    tally->counts[0]++;
#endif
}

static inline uint64_t lc_tallied(lc_tally *tally)
{
    uint64_t sum = 0;
    int i;
    for (i = 0; i < LC_STRIPES; i++)
        sum += lc_load64(&tally->counts[i * LC_STRIDE]);
    return sum;
}

static inline void lc_tally_clear(lc_tally *tally)
{
    int i;
    for (i = 0; i < LC_STRIPES; i++)
        lc_store64(&tally->counts[i * LC_STRIDE], 0);
}

/* Two threads may add one mark between them: a mark is a hint. */
static inline void lc_mark(uint32_t *marks)
{
#ifdef Py_GIL_DISABLED
    uint32_t seen = _Py_atomic_load_uint32_relaxed(marks);
    if (seen < LC_MOST)
        _Py_atomic_store_uint32_relaxed(marks, seen + 1);
#else
    if (*marks < LC_MOST)
        ++*marks;
#endif
}

/* Whoever holds the mutex reads and sets marks beside readers that add to them. */
static inline uint32_t lc_marks(uint32_t *marks)
{
#ifdef Py_GIL_DISABLED
    return _Py_atomic_load_uint32_relaxed(marks);
#else
    return *marks;
#endif
}

static inline void lc_set_marks(uint32_t *marks, uint32_t value)
{
#ifdef Py_GIL_DISABLED
    _Py_atomic_store_uint32_relaxed(marks, value);
#else
    *marks = value;
#endif
}

/* Two places for what is known of a key, of 32 bits each. */
static inline uint64_t lc_spread(Py_hash_t hash)
{
    uint64_t mixed = (uint64_t)hash * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t first = mixed >> 32;
    mixed = (mixed ^ (mixed >> 29)) * UINT64_C(0xBF58476D1CE4E5B9);
    return (mixed & UINT64_C(0xFFFFFFFF00000000)) | first;
}

static inline double lc_load_time(double *time)
{
#ifdef Py_GIL_DISABLED
    uint64_t bits = _Py_atomic_load_uint64_relaxed((uint64_t *)time);
    double seconds;
    memcpy(&seconds, &bits, sizeof seconds);
    return seconds;
#else
    return *time;
#endif
}

static inline void lc_store_time(double *time, double seconds)
{
#ifdef Py_GIL_DISABLED
    uint64_t bits;
    memcpy(&bits, &seconds, sizeof bits);
    _Py_atomic_store_uint64_relaxed((uint64_t *)time, bits);
#else
    *time = seconds;
#endif
}

#if PY_VERSION_HEX >= 0x030d0000
static inline double lc_monotonic(void)
{
    PyTime_t now;
    PyTime_MonotonicRaw(&now); /* cannot fail where Python runs */
    return PyTime_AsSecondsDouble(now);
}
#else
#define lc_monotonic() ((double)_PyTime_GetMonotonicClock() * 1e-9)
#endif

/* As key_of() of _cached.py: *kwargs* may be None. */
static inline PyObject *lc_key(PyObject *args, PyObject *kwargs, int typed, PyObject *keywords)
{
    Py_ssize_t given = PyTuple_GET_SIZE(args), named = kwargs == Py_None ? 0 : PyDict_GET_SIZE(kwargs);
    Py_ssize_t size = given, at = 0, position = 0, i;
    PyObject *key, *name, *value;
    if (!named && !typed) {
        PyObject *only = given == 1 ? PyTuple_GET_ITEM(args, 0) : NULL;
        return Py_NewRef(only != NULL && (PyUnicode_CheckExact(only) || PyLong_CheckExact(only)) ? only : args);
    }
    size += named ? 1 + 2 * named : 0;
    size += typed ? given + named : 0;
    key = PyTuple_New(size);
    if (key == NULL)
        return NULL;
    for (i = 0; i < given; i++)
        PyTuple_SET_ITEM(key, at++, Py_NewRef(PyTuple_GET_ITEM(args, i)));
    if (named) {
        PyTuple_SET_ITEM(key, at++, Py_NewRef(keywords));
        while (PyDict_Next(kwargs, &position, &name, &value)) {
            PyTuple_SET_ITEM(key, at++, Py_NewRef(name));
            PyTuple_SET_ITEM(key, at++, Py_NewRef(value));
        }
    }
    if (typed) {
        for (i = 0; i < given; i++)
            PyTuple_SET_ITEM(key, at++, Py_NewRef(Py_TYPE(PyTuple_GET_ITEM(args, i))));
        position = 0;
        while (named && PyDict_Next(kwargs, &position, &name, &value))
            PyTuple_SET_ITEM(key, at++, Py_NewRef(Py_TYPE(value)));
    }
    return key;
}

/* Be called as C functions are: Cython makes a dict of no arguments by name for each call. A descriptor that says that
 * it is a method is called with the instance first, and need not be bound to it. */
static inline void lc_call_directly(PyTypeObject *type, ternaryfunc call)
{
    type->tp_call = call;
    type->tp_flags |= Py_TPFLAGS_METHOD_DESCRIPTOR;
}

#endif
