/* What a queue stores in, as C calls, and how its waiters sleep: see _queue.py for what each does. */
#ifndef LOCKEDCONTAINERS_QUEUE_H
#define LOCKEDCONTAINERS_QUEUE_H

#include "_builtins.h"

static inline Py_ssize_t lc_line_len(PyObject *items)
{
    return PyList_CheckExact(items) ? PyList_GET_SIZE(items) : PySequence_Size(items);
}

static inline int lc_line_put(PyObject *items, PyObject *item)
{
    PyObject *none;
    if (Py_IS_TYPE(items, lc_deque.type))
        none = lc_deque.append(items, item);
    else if (PyList_CheckExact(items))
        return PyList_Append(items, item);
    else
        none = PyObject_CallMethod(items, "append", "O", item);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

static inline PyObject *lc_line_take(PyObject *items, PyObject *nothing)
{
    if (Py_IS_TYPE(items, lc_deque.type))
        return lc_line_len(items) > 0 ? lc_deque_popleft(items) : Py_NewRef(nothing);
    return lc_line_len(items) > 0 ? lc_list_pop(items, -1) : Py_NewRef(nothing);
}

static inline PyThread_type_lock lc_new_signal(void)
{
    PyThread_type_lock signal = PyThread_allocate_lock();
    if (signal == NULL)
        PyErr_NoMemory();
    else
        PyThread_acquire_lock(signal, 0);
    return signal;
}

/* 1 if it was woken, 0 if the time is over or a signal came. Less than 0 seconds: for ever. */
static inline int lc_park(PyThread_type_lock lock, double seconds)
{
    PyLockStatus status;
    PY_TIMEOUT_T microseconds = seconds < 0 ? -1 : (PY_TIMEOUT_T)((seconds < 1e6 ? seconds : 1e6) * 1e6) + 1;
    if (PyThread_acquire_lock(lock, 0))
        return 1;
    Py_BEGIN_ALLOW_THREADS
    status = PyThread_acquire_lock_timed(lock, microseconds, 1);
    Py_END_ALLOW_THREADS
    return status == PY_LOCK_ACQUIRED;
}

#endif
