/*
 * decode.c -- foyer-decode: waits for pictures that a worker of the slow pool was sent (core/decoder.h). Started by that worker,
 * which is descriptor 3; it knows no settings, no keys and no database.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/decoder.h"
#include "core/sandbox.h"
#include "picture.h"

int main(void)
{
    sandbox_process();
    if (fcntl(3, F_GETFD) < 0) {
        fprintf(stderr, "foyer-decode is started by foyer-web\n");
        return 64;
    }
    picture_warm();
    decoder_serve(picture_decode, &(struct decoder_limits){0});
}
