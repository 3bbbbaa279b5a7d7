/* csv_fuzz.c -- files of rows, in any encoding: what is read is text within bounds, and parts cut between rows read the same. */
#include "csv_read.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    struct str text;
    struct csv_problem problem = {0};
    static struct csv_row row, again;
    if (size == 0)
        return 0;
    enum csv_encoding encoding = data[0] & 1 ? CSV_WINDOWS_1252 : CSV_ENCODING_FOUND;
    if (csv_decode(a, (struct str){(const char *)data + 1, size - 1}, encoding, &text, &problem)) {
        MUST(problem.why && problem.line > 0 && problem.column > 0);
        return 0;
    }
    MUST(text.n == 0 || is_text(text));
    char separator = csv_separator(text);
    struct csv_reader r = csv_open(a, text, separator, 1);
    enum csv_end e;
    size_t bytes = 0;
    while ((e = csv_next(&r, &row)) == CSV_ROW) {
        MUST(row.n > 0 && row.n <= CSV_MOST_COLUMNS && row.line > 0 && row.raw.n > 0);
        bytes += row.raw.n;
        struct csv_reader part = csv_open(a, row.raw, separator, row.line);
        MUST(csv_next(&part, &again) == CSV_ROW && again.n == row.n && again.line == row.line);
        for (size_t i = 0; i < row.n; i++) {
            MUST(row.cells[i].n <= CSV_MOST_CELL + 1);
            MUST(row.cells[i].n == 0 || is_text(row.cells[i]));
            MUST(str_eq(row.cells[i], again.cells[i]));
        }
        MUST(csv_next(&part, &again) == CSV_DONE);
    }
    MUST(bytes <= text.n);
    MUST(e == CSV_DONE || (r.problem.why && r.problem.line > 0 && r.problem.column > 0));
    return 0;
}
