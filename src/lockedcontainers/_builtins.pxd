from libc.stdint cimport uint32_t

cdef extern from "_builtins.h":
    bint dict_contains "PyDict_Contains" (object d, object key) except -1
    object dict_get "lc_dict_get" (object d, object key, object absent)
    Py_ssize_t dict_len "PyDict_Size" (object d) except -1
    int dict_set "lc_dict_set" (object d, object key, object value) except -1
    object dict_setdefault_at "lc_dict_setdefault" (object d, object key, object fallback, uint32_t *kept)
    object dict_swap_at "lc_dict_swap" (object d, object key, object value, uint32_t *kept)
    object dict_pop "lc_dict_pop" (object d, object key, object absent)
    void dict_clear_at "PyDict_Clear" (object d)
    int dict_update_at "lc_dict_update" (object d, object new) except -1
    object dict_replaced_at "lc_dict_replaced" (object d, object new, uint32_t *kept)
    list dict_keys "PyDict_Keys" (object d)
    list dict_values "PyDict_Values" (object d)
    list dict_items "PyDict_Items" (object d)
    list dict_pairs "lc_dict_pairs" (object d)
    object dict_copy "lc_dict_copy" (object d)
    dict dict_of_pairs "lc_dict_of_pairs" (object pairs)
    tuple caller_at "lc_caller" ()
    int standing_at "lc_standing" (tuple place) except -2
    bint is_plain "lc_is_plain" (object value) noexcept

    object like "lc_like" (object container)

    bint is_index "PyIndex_Check" (object key) noexcept
    Py_ssize_t index_of "lc_index" (object number) except? -1
    Py_ssize_t count_of "lc_count" (object number) except? -1
    Py_ssize_t bound_of "lc_bound" (object number) except? -1
    bint caller_is_at_now "lc_caller_is_at" (int instruction) except -1
    object plain_slice "lc_plain_slice" (object key)
    object list_get "lc_list_get" (object l, Py_ssize_t index, object absent)
    object list_item "lc_list_item" (object l, Py_ssize_t index)
    object list_swap "lc_list_swap" (object l, Py_ssize_t index, object value)
    object list_pop "lc_list_pop" (object l, Py_ssize_t index)
    object list_remove "lc_list_remove" (object l, object value)
    Py_ssize_t list_look "lc_list_look" (object l, object value, Py_ssize_t start, Py_ssize_t stop) noexcept
    list list_slice "lc_list_slice" (object l, object part)
    bint list_holds "lc_list_holds" (object l, list items) noexcept
    Py_ssize_t list_len "PyList_Size" (object l) except -1
    int list_append "PyList_Append" (object l, object value) except -1
    int list_insert "PyList_Insert" (object l, Py_ssize_t index, object value) except -1
    int list_assign "lc_list_assign" (object l, object part, object items) except -1
    int list_delete "lc_list_delete" (object l, object part) except -1
    int list_extend "lc_list_extend" (object l, object items) except -1
    int list_replace "lc_list_replace" (object l, list items) except -1
    int list_clear "lc_list_clear" (object l) except -1
    int list_reverse "PyList_Reverse" (object l) except -1
    object list_repeat "lc_list_repeat" (object l, Py_ssize_t times)
    void drop_sequence_slots "lc_drop_sequence_slots" (object cls) noexcept

    int set_contains "lc_set_contains" (object s, object value) except -1
    Py_ssize_t set_len "PySet_Size" (object s) except -1
    bint set_add "lc_set_add" (object s, object value) except -1
    object set_take "lc_set_take" (object s, object value)
    object set_pop "PySet_Pop" (object s)
    int set_clear "PySet_Clear" (object s) except -1
    list set_items "lc_set_items" (object s)
    set set_of "PySet_New" (object s)
    frozenset frozenset_of "PyFrozenSet_New" (object s)
    list set_all_alike "lc_set_all_alike" (object s, object values)
    object set_or "lc_set_or" (object s, object other)
    object set_xor "lc_set_xor" (object s, object other)
    object set_and "lc_set_and" (object s, object other)
    object set_subtract "lc_set_subtract" (object s, object other)
    object set_update "lc_set_update" (object s, object other)
    object set_intersection_update "lc_set_intersection_update" (object s, object other)
    object set_difference_update "lc_set_difference_update" (object s, object other)
    object set_symmetric_difference_update "lc_set_symmetric_difference_update" (object s, object other)
    object set_ge "lc_set_ge" (object s, object other)
    object set_gt "lc_set_gt" (object s, object other)

    int learn_deque "lc_deque_learn" (object cls) except -1
    int adopt_methods "lc_adopt_methods" (object cls, object base) except -1
    Py_ssize_t deque_len "lc_deque_len" (object d) except -1
    object deque_item "lc_deque_item" (object d, Py_ssize_t index)
    object deque_swap "lc_deque_swap" (object d, Py_ssize_t index, object value)
    object deque_append "lc_deque_append" (object d, object value, Py_ssize_t bound)
    object deque_appendleft "lc_deque_appendleft" (object d, object value, Py_ssize_t bound)
    object deque_pop "lc_deque_pop" (object d)
    object deque_popleft "lc_deque_popleft" (object d)
    list deque_items "lc_deque_items" (object d)
    Py_ssize_t list_bisect "lc_list_bisect" (list l, object key, bint right) except -1
    list list_owned "lc_list_owned" (list lists, Py_ssize_t at)
    list lists_held "lc_lists_held" (list lists)
    bint set_recounted "lc_set_recounted" (set s) noexcept
    list dict_pairs_of "lc_dict_pairs_of" (object d, list keys)
    int pause_gc "lc_pause_gc" () noexcept
    int resume_gc "lc_resume_gc" (int was_on) noexcept
