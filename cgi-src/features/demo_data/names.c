/* names.c -- plausible names from many places, allergies, and repeatable chance. */
#include "demo_data.h"

const char *const demo_first_names[] = {
    "Amara", "Sofía", "Mei", "Priya", "Zoë", "Ingrid", "Fatima", "Olivia", "Hannah", "Chloe",
    "Aïcha", "Yuki", "Noor", "Siobhán", "Leila", "Camila", "Nadia", "Anneliese", "Thandiwe", "Grace",
    "Emma", "Ximena", "Małgorzata", "Eilidh", "Renée", "Ayşe", "Dagny", "Kamala", "Lucía", "Rosa",
    "Beatriz", "Ngozi", "Hye-jin", "Ana", "Katarzyna", "Élodie", "Maryam", "Tove", "Saoirse", "Ioana",
    "Milena", "Jasmine", "Harper", "Maya", "Elena", "Freya", "Wren", "Imani", "Delphine", "Rachel",
    "José", "Björn", "Omar", "David", "Kwame", "Mateo", "Søren", "Arjun", "Michael", "Tomasz",
    "Valentina", "Adaeze", "Linh", "Bronwyn", "Constance", "Yael", "Parisa", "Solveig", "Agnès", "Joy",
};
const size_t demo_first_names_n = COUNT_OF(demo_first_names);

const char *const demo_last_names[] = {
    "Okafor", "García Márquez", "Chen", "Raman", "O'Brien", "Lindqvist", "Al-Sayed", "Bennett",
    "Nguyen", "Kowalska", "Müller", "Tanaka", "Haddad", "Ní Bhriain", "Rahimi", "Ferreira", "Petrova",
    "Schäfer", "Dlamini", "Johnson", "Smith", "Hernández", "Wiśniewska", "MacLeod", "Dubois", "Yılmaz",
    "Sørensen", "Iyer", "Morales", "D'Angelo", "Costa", "Adeyemi", "Park", "Novak", "Zielińska",
    "Lefèvre", "Hosseini", "Bergström", "Byrne", "Popescu", "Jovanović", "Williams", "Brooks", "Patel",
    "Papadopoulos", "Hansen", "Taylor-Joyce", "Mwangi", "Laurent", "Cohen", "St. James", "de la Cruz",
    "van den Berg", "Ólafsdóttir", "Castillo", "Reyes", "Thompson", "Nakamura", "Abdi", "Rossi",
};
const size_t demo_last_names_n = COUNT_OF(demo_last_names);

const char *const demo_whole_names[] = {
    "王小明", "佐藤 花子", "Мария Иванова", "Ελένη Παπαδοπούλου", "ליאור כהן", "ليلى حداد", "김지우",
    "Madonna", "Nguyễn Thị Ánh", "Sri Wahyuni", "Björk Guðmundsdóttir", "অনন্যা সেন",
};
const size_t demo_whole_names_n = COUNT_OF(demo_whole_names);

const char *const demo_allergies[][2] = {
    {"Lidocaine", "Hives within minutes"},    {"Latex", "Itching, redness"},
    {"Penicillin", "Anaphylaxis, 2016"},      {"Nickel", "Contact rash"},
    {"Hyaluronidase", "Swelling"},            {"Adhesive tape", "Blisters"},
    {"Iodine", "Rash"},                       {"Aspirin", "Wheezing"},
    {"Peanut", "Throat tightness"},           {"Chlorhexidine", "Hives"},
    {"Eggs", "Nausea"},                       {"Ultrasound gel (propylene glycol)", "Red skin"},
};
const size_t demo_allergies_n = COUNT_OF(demo_allergies);

uint64_t demo_next(struct demo_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

size_t demo_below(struct demo_random *r, size_t n) { return (size_t)(demo_next(r) % n); }
bool demo_chance(struct demo_random *r, unsigned percent) { return demo_next(r) % 100 < percent; }

struct str demo_uuid(struct demo_random *r, struct arena *a)
{
    unsigned long long x = demo_next(r), y = demo_next(r);
    return arena_printf(a, "%08llx-%04llx-4%03llx-%04llx-%012llx", x >> 32, x >> 16 & 0xffff,
                        x & 0xfff, 0x8000 | (y >> 48 & 0x3fff), y & 0xffffffffffffull);
}

bool demo_does(const struct demo_studio *s, size_t staff, size_t service)
{
    struct str rest = str_of(s->staff[staff].services);
    if (rest.n == 0)
        return true;
    while (rest.n > 0)
        if (str_is(str_cut(&rest, '|'), s->services[service].name))
            return true;
    return false;
}
