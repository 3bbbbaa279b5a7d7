/* weak_hash.c -- prints an Argon2id hash with yesterday's costs, for password_cost.test.js. Reads the peppered password, 32 bytes. */
#include <argon2.h>
#include <stdio.h>

int main(void)
{
    unsigned char peppered[32], salt[16] = {1, 2, 3};
    char phc[256];
    if (fread(peppered, 1, sizeof peppered, stdin) != sizeof peppered ||
        argon2id_hash_encoded(2, 19456, 1, peppered, sizeof peppered, salt, sizeof salt, 32, phc, sizeof phc) != ARGON2_OK)
        return 1;
    return puts(phc) < 0;
}
