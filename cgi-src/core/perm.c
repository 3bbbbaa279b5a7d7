/* perm.c -- the permissions' names, as the database knows them. */
#include "perm.h"

const char *const perm_name[PERM_COUNT] = {
    "",
    "self",
#define PERMISSION(name, words) #name,
    PERMISSIONS(PERMISSION)
#undef PERMISSION
};
