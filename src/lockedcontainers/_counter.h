/* Where the Python code stands that called into a compiled function: its frame, its code, its instruction.
 *
 * CPython's public way, PyEval_GetFrame(), makes a frame object, at the cost of a few dictionary accesses. Its own
 * header tells the frame itself. That is used where it is known (GCC and Clang, CPython 3.11 to 3.15) and, at import,
 * gives the same answer as the public way; otherwise the public way is used.
 */
#ifndef LOCKEDCONTAINERS_COUNTER_H
#define LOCKEDCONTAINERS_COUNTER_H

#include <Python.h>
#include "_mutex.h"

#if defined(__GNUC__) && PY_VERSION_HEX < 0x03100000 && !defined(PYPY_VERSION) && !defined(LC_PUBLIC_FRAMES)
#define LC_OWN_FRAMES
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#include "internal/pycore_frame.h"
#if PY_VERSION_HEX >= 0x030e0000
#include "internal/pycore_interpframe.h"
#endif
#undef Py_BUILD_CORE
#endif
#endif

typedef struct {
    uintptr_t frame;    /* tells it from all other calls that have not ended; 0: there is none */
    PyCodeObject *code; /* borrowed: the frame keeps it */
    int unit;           /* of two bytes, in code.co_code: the instruction's own, or one of its inline cache */
} lc_place;

static inline lc_place lc_place_by_object(void)
{
    lc_place place = {0, NULL, -1};
    PyFrameObject *frame = PyEval_GetFrame();
    if (frame != NULL) {
        place.frame = (uintptr_t)frame;
        place.code = PyFrame_GetCode(frame);
        place.unit = PyFrame_GetLasti(frame) / 2;
        Py_DECREF(place.code);
    }
    return place;
}

#ifdef LC_OWN_FRAMES
static int lc_frames_fit;

static inline lc_place lc_place_by_frame(void)
{
    lc_place place = {0, NULL, -1};
#if PY_VERSION_HEX >= 0x030d0000
    struct _PyInterpreterFrame *frame = PyThreadState_Get()->current_frame;
    PyObject *code = frame == NULL ? NULL : (PyObject *)_PyFrame_GetCode(frame);
#else
    struct _PyInterpreterFrame *frame = PyThreadState_Get()->cframe->current_frame;
    PyObject *code = frame == NULL ? NULL : (PyObject *)frame->f_code;
#endif
    /* Without a Python caller there may be a frame, but no code. */
    if (code != NULL && PyCode_Check(code)) {
        place.frame = (uintptr_t)frame;
        place.code = (PyCodeObject *)code;
        place.unit = _PyInterpreterFrame_LASTI(frame);
    }
    return place;
}

static inline lc_place lc_place_now(void) { return lc_frames_fit ? lc_place_by_frame() : lc_place_by_object(); }

static inline void lc_try_frames(void)
{
    lc_place seen = lc_place_by_frame(), known = lc_place_by_object();
    lc_frames_fit = seen.code != NULL && seen.code == known.code && seen.unit == known.unit;
}
#else
#define lc_place_now lc_place_by_object
#define lc_try_frames() ((void)0)
#endif

/* What the instruction at a place is to a counter: 1 if it begins an augmented assignment, 2 if it ends one, else 0.
 * A word for each that was met lately: the code's address, the unit, and this. Addresses are used again, so a word is
 * removed when its code goes. All are written with the place in use, so its code cannot go meanwhile. */
#define LC_ROLES 1024
static uint64_t lc_roles[LC_ROLES];

/* An owner word of _mutex.h has room for an address below bit 48 as well; and objects are aligned to 8 bytes. */
#define LC_UNITS (1 << 17)
#define LC_CODE_MASK (~(uint64_t)0 << 19)

static inline uint64_t lc_role_key(lc_place place) { return (uint64_t)(uintptr_t)place.code << 16 | (uint64_t)place.unit << 2; }

static inline uint64_t *lc_role_slot(lc_place place)
{
    uintptr_t code = (uintptr_t)place.code;
    return &lc_roles[(code >> 4 ^ code >> 14 ^ (uintptr_t)place.unit) % LC_ROLES];
}

/* -1 if it must be looked up in the code. */
static inline int lc_known_role(lc_place place)
{
    uint64_t word;
    if (place.frame == 0 || place.unit < 0)
        return 0;
    if (place.unit >= LC_UNITS)
        return -1;
    word = lc_load64(lc_role_slot(place));
    return (word & ~(uint64_t)3) == lc_role_key(place) ? (int)(word & 3) : -1;
}

static inline void lc_remember_role(lc_place place, int role)
{
    if (place.unit < LC_UNITS)
        lc_store64(lc_role_slot(place), lc_role_key(place) | (unsigned)role);
}

static inline void lc_forget_roles(uintptr_t code)
{
    int i;
    for (i = 0; i < LC_ROLES; i++) {
        if ((lc_load64(&lc_roles[i]) & LC_CODE_MASK) == (uint64_t)code << 16)
            lc_store64(&lc_roles[i], 0);
    }
}
#endif
