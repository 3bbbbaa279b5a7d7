/* studios.c -- the two demo studios, as their owners would describe them. */
#include "demo_data.h"

#define PRIVACY(STUDIO, CONTACT)                                                                   \
    STUDIO " keeps what you tell us to look after you, and for nothing else.\n\n"                  \
    "What we keep. Your name, e-mail address, phone number and date of birth; your appointments; " \
    "the forms you fill in and sign; and what your provider notes about your visit.\n\n"          \
    "Who sees it. Only the people of our studio whose work needs it. Each time somebody opens "    \
    "your record, the time and the person are written down, and this list cannot be changed.\n\n"  \
    "What we do not do. We do not sell your data, we do not show it to advertisers, and nobody "   \
    "trains a machine with it. The pages you use to book set no tracking cookie.\n\n"              \
    "How it is protected. Connections are encrypted. Your answers, signatures and notes are kept " \
    "encrypted under a key of your own.\n\n"                                                       \
    "Your rights. Ask us for a copy, a correction or deletion at any time: " CONTACT "."

#define TERMS(STUDIO)                                                                              \
    "You can sign " STUDIO "'s forms on this page instead of on paper. Your electronic signature " \
    "counts like one made by hand.\n\n"                                                            \
    "You may ask for paper instead at any time, at no cost, and you may take this consent back "   \
    "before you sign by telling the studio. It covers the forms of this visit only.\n\n"           \
    "To read and keep your copy you need a phone or computer with a web browser that can show "    \
    "and print this page. Tell the studio when your e-mail address or phone number changes."

const struct demo_studio demo_studios[2] = {
    {
        .slug = "glow", .name = "Glow Medical Spa", .kind = "medspa", .accent = "#8c4f6b",
        .phone = "+12125550140", .email = "hello@glow.example", .tagline = "Skin, calmly.",
        .locations = {
            {"SoHo", "118 Greene Street", "New York", "NY", "10012", "America/New_York", "+12125550140"},
            {"Santa Monica", "1430 Montana Avenue", "Santa Monica", "CA", "90403", "America/Los_Angeles", "+13105550160"},
        },
        .staff = {
            {"Vivian Marsh", "owner@glow.example", "Owner", "owner", false, 0, NULL},
            {"Theo Lambert", "manager@glow.example", "Studio manager", "manager", false, 0, NULL},
            {"Nina Alvarez", "desk@glow.example", "Front desk, SoHo", "front-desk", false, 0, NULL},
            {"Casey Duong", "desk.west@glow.example", "Front desk, Santa Monica", "front-desk", false, 1, NULL},
            {"Dr. Helena Voss", "provider@glow.example", "MD, medical director", "provider", true, 0,
             "Consultation|Botulinum toxin|Dermal filler"},
            {"Ruth Adeyemi, NP", "ruth@glow.example", "Nurse practitioner", "provider", true, 0,
             "Consultation|Botulinum toxin|Dermal filler|Microneedling"},
            {"Mina Park", "mina@glow.example", "Licensed aesthetician", "provider", true, 0,
             "Hydrating facial|Chemical peel|Microneedling|Laser hair removal"},
            {"Jonah Reed", "jonah@glow.example", "Licensed aesthetician", "provider", true, 0,
             "Consultation|Hydrating facial|Chemical peel"},
            {"Dr. Amir Nazari", "amir@glow.example", "MD", "provider", true, 1,
             "Consultation|Botulinum toxin|Dermal filler"},
            {"Lucía Ferrer, RN", "lucia@glow.example", "Registered nurse", "provider", true, 1,
             "Botulinum toxin|Microneedling|Laser hair removal"},
            {"Petra Novak", "petra@glow.example", "Licensed aesthetician", "provider", true, 1,
             "Consultation|Hydrating facial|Chemical peel"},
            {"Ben Osei", "biller@glow.example", "Billing", "biller", false, 0, NULL},
            {"Clara Whitfield", "auditor@glow.example", "Privacy officer", "auditor", false, 0, NULL},
        },
        .services = {
            {"Consultation", "Start here", "A first look and an honest plan. No treatment on the day unless you want it.", 30, 0, 0, 0, "#7a8b6f", false},
            {"Botulinum toxin", "Injectables", "Softens lines of the forehead, between the brows and around the eyes.", 30, 0, 10, 42000, "#8c4f6b", false},
            {"Dermal filler", "Injectables", "Restores volume of lips, cheeks and folds.", 45, 0, 15, 72000, "#a0607c", false},
            {"Hydrating facial", "Skin", "Cleansing, gentle exfoliation and moisture.", 60, 0, 10, 18500, "#5f7f8c", false},
            {"Chemical peel", "Skin", "Evens tone and texture; a week of care follows.", 45, 5, 10, 22000, "#6b7a9c", false},
            {"Microneedling", "Skin", "Stimulates collagen for scars and texture.", 60, 15, 15, 35000, "#8a7250", false},
            {"Laser hair removal", "Laser", "Underarms, legs or face; priced by area at the visit.", 30, 5, 10, 15000, "#99693f", true},
        },
        .rooms = {"Room 1", "Room 2", "Room 3", "Room 4", "Laser room"},
        .forms = {
            {"Medical history", "intake", "Your medical history",
             "I have answered truthfully and as completely as I can. I will tell the studio when anything changes, "
             "because a treatment that is safe today may not be safe then.\n\n"
             "I understand that the studio keeps these answers in my chart and that only people who treat me read them.",
             {
                 {"reason", "text", "What brings you to us?", "In your own words.", "", true, NULL},
                 {"skin_type", "choice", "How does your skin react to sun?", "", "Burns, never tans|Burns, then tans|Tans easily|Never burns", true, NULL},
                 {"conditions", "multi", "Do any of these apply to you?", "Tick all that do.", "Diabetes|High blood pressure|Autoimmune illness|Cold sores|Keloid scars|Epilepsy|None of these", true, NULL},
                 {"pregnant", "yes_no", "Are you pregnant or breastfeeding?", "", "", true, NULL},
                 {"medication", "yes_no", "Do you take any medicine, also over the counter?", "", "", true, "Which, and how much?"},
                 {"surgery", "yes_no", "Have you had surgery or injections in the face?", "", "", true, "What, and when?"},
                 {"last_treatment", "date", "When was your last treatment of this kind?", "Leave it blank if this is the first.", "", false, NULL},
                 {"allergies", "allergies", "Allergies", "Medicines, latex, foods, metals.", "", true, NULL},
                 {"anything_else", "long", "Is there anything else we should know?", "", "", false, NULL},
                 {"truthful", "acknowledge", "These answers are true and complete as far as I know.", "", "", true, NULL},
             }},
            {"Consent to treatment", "consent", "Consent to treatment",
             "I have asked for an aesthetic treatment at Glow Medical Spa. It is my own decision and it is not medically necessary.\n\n"
             "What it may do. The aim, the usual course and the limits of the treatment have been explained to me. Results differ from person to person and nobody has promised me a result.\n\n"
             "What may happen. Redness, swelling, bruising and soreness are common and pass. Less often there is infection, a change of skin colour, asymmetry or an allergic reaction. "
             "Rarely, an injection near a blood vessel can harm skin or sight; I will call the studio or 911 at once if I have severe pain, blanched skin or a change of vision.\n\n"
             "What I have told. I have given my medical history, my medicines and my allergies completely.\n\n"
             "What I may do. I may ask questions at any time, and I may stop the treatment or take this consent back before it begins, without giving a reason.\n\n"
             "Aftercare. I have been told how to care for the treated area and when to come back.",
             {
                 {"questions", "acknowledge", "I could ask all my questions, and they were answered.", "", "", true, NULL},
             }},
        },
        .privacy_title = "How Glow handles your data",
        .privacy_body = PRIVACY("Glow Medical Spa", "privacy@glow.example or at the front desk"),
        .terms_title = "Signing on this page",
        .terms_body = TERMS("Glow Medical Spa"),
        .note_lines = {
            "Skin prepared with chlorhexidine. Treatment tolerated well, no adverse reaction at 15 minutes.",
            "Discussed expectations and aftercare. Photographs taken with consent. Review in two weeks.",
            "Mild erythema at the end of the visit, expected. Advised SPF 50 and no exercise today.",
            "Asymmetry of the left brow noted before treatment and shown to the client in the mirror.",
            "Client reports no change of medicines. Plan: repeat in three months.",
            "Patch test negative. Parameters as last visit.",
        },
    },
    {
        .slug = "first-light", .name = "First Light 3D/4D Ultrasound", .kind = "ultrasound", .accent = "#2f6f73",
        .phone = "+15125550118", .email = "hello@firstlight.example", .tagline = "Meet them early.",
        .has_due_dates = true,
        .locations = {
            {"Austin", "2201 South Lamar Boulevard", "Austin", "TX", "78704", "America/Chicago", "+15125550118"},
            {"Denver", "3300 Tejon Street", "Denver", "CO", "80211", "America/Denver", "+17205550133"},
        },
        .staff = {
            {"Marisol Quintero", "owner@firstlight.example", "Owner", "owner", false, 0, NULL},
            {"Dale Whitaker", "manager@firstlight.example", "Studio manager", "manager", false, 0, NULL},
            {"Toni Beaulieu", "desk@firstlight.example", "Front desk", "front-desk", false, 0, NULL},
            {"Annika Lund, RDMS", "provider@firstlight.example", "Sonographer", "provider", true, 0, NULL},
            {"Keisha Monroe, RDMS", "keisha@firstlight.example", "Sonographer", "provider", true, 0, NULL},
            {"Hye-jin Seo, RDMS", "hyejin@firstlight.example", "Sonographer", "provider", true, 1, NULL},
            {"Paula Brandt", "paula@firstlight.example", "Sonographer", "scanner", true, 1, NULL},
            {"Sam Ikeda", "biller@firstlight.example", "Billing", "biller", false, 0, NULL},
            {"Gloria Finch", "auditor@firstlight.example", "Privacy officer", "auditor", false, 0, NULL},
        },
        .services = {
            {"Heartbeat visit", "Early", "Hear and see the heartbeat; from week 8.", 15, 0, 5, 6500, "#4d7f83", false},
            {"Gender reveal scan", "Early", "A sealed envelope if you like; from week 15.", 20, 0, 10, 8900, "#7d6a95", false},
            {"3D/4D session", "Keepsake", "Best between weeks 26 and 32; printed pictures to take home.", 30, 5, 10, 14900, "#2f6f73", false},
            {"HD Live session", "Keepsake", "Longer, with light that shows the face; weeks 26 to 34.", 45, 5, 10, 21900, "#3f5f86", false},
        },
        .rooms = {"Scan room A", "Scan room B", "Scan room C"},
        .forms = {
            {"About your pregnancy", "intake", "About your pregnancy",
             "I have answered truthfully. I am under the care of a doctor or midwife for this pregnancy and will keep my medical appointments.",
             {
                 {"due_date", "date", "When is your baby due?", "As your doctor or midwife told you.", "", true, NULL},
                 {"care_provider", "text", "Who cares for your pregnancy?", "Name and practice.", "", true, NULL},
                 {"medical_scan", "yes_no", "Have you had a medical scan in this pregnancy?", "", "", true, "When, and was anything noted?"},
                 {"multiples", "choice", "How many babies are expected?", "", "One|Two|Three or more|I do not know yet", true, NULL},
                 {"complications", "yes_no", "Has your doctor told you of any complication?", "", "", true, "Please tell us which."},
                 {"allergies", "allergies", "Allergies", "Latex and gels above all.", "", true, NULL},
                 {"surprises", "multi", "What should we keep to ourselves?", "Tick what you do not want to hear or see.", "The sex of the baby|The heartbeat|Nothing, tell us everything", false, NULL},
                 {"truthful", "acknowledge", "These answers are true and complete as far as I know.", "", "", true, NULL},
             }},
            {"Elective ultrasound waiver", "consent", "Elective ultrasound: what it is and is not",
             "I have asked First Light for an elective ultrasound session, to see and keep pictures of my baby.\n\n"
             "It is not a medical examination. It does not replace the scans of my doctor or midwife. Nobody here looks for illness or abnormality, and a pleasant session says nothing about my baby's health.\n\n"
             "I am in care. I confirm that a doctor or midwife cares for this pregnancy and that I have had, or will have, the medical scan that they advise.\n\n"
             "How it works. Ultrasound uses sound waves. Authorities advise to keep sessions as short as needed; the sonographer follows the ALARA principle and may end the session at any time.\n\n"
             "Pictures depend on the baby's position and on fluid and build; a result cannot be promised. One repeat visit is free when the face could not be shown.\n\n"
             "If the sonographer notices something that should not wait, they will ask me to call my doctor, without naming a diagnosis.",
             {
                 {"in_care", "acknowledge", "A doctor or midwife cares for this pregnancy.", "", "", true, NULL},
             }},
        },
        .privacy_title = "How First Light handles your data",
        .privacy_body = PRIVACY("First Light", "privacy@firstlight.example or at the front desk"),
        .terms_title = "Signing on this page",
        .terms_body = TERMS("First Light"),
        .note_lines = {
            "Baby in breech position for the first ten minutes; turned after a short walk.",
            "Clear profile and hands. Family of four in the room. Session ended as planned.",
            "Face against the placenta; offered the free repeat visit.",
            "Heartbeat shown with sound. Mother felt well throughout.",
            "Sealed envelope given to the grandmother, as asked.",
            "ALARA kept: 14 minutes of scanning.",
        },
    },
};
