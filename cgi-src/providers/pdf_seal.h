/* pdf_seal.h -- what sealing and checking of a PDF share. */
#ifndef FOYER_PDF_SEAL_H
#define FOYER_PDF_SEAL_H
#include "crypto.h"

enum { SEAL_CONTENTS = 8192 }; /* bytes of room for the CMS */

/* SHA-256 of the file without the signature, which stands from first until second. */
void pdf_range_hash(struct str pdf, size_t first, size_t second, unsigned char hash[HASH_BYTES]);

#endif
