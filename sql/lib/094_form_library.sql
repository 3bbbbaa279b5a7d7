-- 094_form_library: forms to begin with. Each is a starting point in plain words, written for the law of the United States in general and
-- of no state in particular; a studio's lawyer reads it before it is published (the page that offers them says so). content:
-- ("authorisation": what a permission must say, sql/lib/094_form_authorisation.sql; "none": of a list of conditions, the choice that says that there is none of them)
--   {"title", "body", "questions": [{"key", "kind", "label", "help", "options", "required", "more", "min", "max", "unit", "purpose",
--    "when": [key, answer], "none"}], "authorisation": {"described", "used_by", "used_for", "used_until", "taking_back"},
--   "translations": {language: {"title", "body", "authorisation", "questions": {key: {"label", "help", "options", "more"}}}}}
-- A translation is of all of it: who signs reads it in one language.

SET LOCAL ROLE foyer_owner;

-- The terms of signing electronically to begin with: paper instead, taking the consent back and how, what it covers, keeping the address up to
-- date, what is needed to open and keep the copy, and that it costs nothing (15 U.S.C. 7001(c); SECURITY.md E-01).
CREATE OR REPLACE FUNCTION app.terms_library(studio text) RETURNS TABLE (language text, title text, body text)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT l.language, l.title, replace(l.body, '{studio}', studio)
    FROM (VALUES ('en', 'Signing electronically',
'Your choice, and paper. You can sign the forms of {studio} on a screen instead of on paper. You need not: ask us for paper at any time, before or after you sign, and for a paper copy of what you have signed. Neither costs anything, and nobody is treated differently for it.

Taking it back. You may take back your consent to signing electronically at any time, without a reason: tell us at the desk, by telephone or in answer to any of our messages. From then on we give you paper. What you have signed until then stays signed.

What it covers. This consent is for the forms that {studio} asks you to fill in and sign, with the copies and notices that belong to them, until you take it back.

How to reach you. We send links to your forms and copies to the e-mail address or telephone number that you gave us. Tell us when it changes: at the desk, by telephone, or with “Is something wrong in my record?” beside your forms.

What you need. A phone, tablet or computer with internet and a web browser of the last few years, and, to keep a copy, a program that shows PDF files or a printer. If you can read this page, your device can show the forms.

What it costs. We take no fee for signing, for your copy, for paper, or for taking this consent back. Your provider may charge you for the internet connection.

Your signature. Your typed name or drawn signature counts like one made by hand. With it we keep the time, your internet address and the browser that you used, so that it can be shown later that it was you.'),
('es', 'Firma electrónica',
'Usted elige, y el papel. Puede firmar los formularios de {studio} en una pantalla en lugar de en papel. No tiene que hacerlo: pídanos papel en cualquier momento, antes o después de firmar, y también una copia en papel de lo que haya firmado. Ninguna de las dos cosas cuesta nada, y nadie recibe un trato distinto por ello.

Cómo retirarlo. Puede retirar su consentimiento para firmar electrónicamente en cualquier momento y sin dar razones: díganoslo en recepción, por teléfono o respondiendo a cualquiera de nuestros mensajes. Desde entonces le damos papel. Lo que haya firmado hasta ese momento sigue firmado.

Qué abarca. Este consentimiento vale para los formularios que {studio} le pide completar y firmar, con las copias y los avisos que les corresponden, hasta que lo retire.

Cómo comunicarnos con usted. Enviamos los enlaces a sus formularios y copias a la dirección de correo electrónico o al número de teléfono que nos dio. Avísenos cuando cambien: en recepción, por teléfono o con «¿Hay algún error en mi expediente?», junto a sus formularios.

Qué necesita. Un teléfono, una tableta o una computadora con internet y un navegador de los últimos años y, para guardar una copia, un programa que muestre archivos PDF o una impresora. Si puede leer esta página, su dispositivo puede mostrar los formularios.

Cuánto cuesta. No cobramos nada por firmar, por su copia, por el papel ni por retirar este consentimiento. Es posible que su proveedor le cobre la conexión a internet.

Su firma. Su nombre escrito o su firma dibujada valen como una firma hecha a mano. Con ella guardamos la hora, su dirección de internet y el navegador que usó, para que más tarde se pueda demostrar que fue usted.')) AS l (language, title, body)
$$;
REVOKE ALL ON FUNCTION app.terms_library(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.terms_library(text) TO foyer_staff;

CREATE OR REPLACE FUNCTION app.form_library()
RETURNS TABLE (n int, slug text, name text, kind text, group_words text, about text, validity text, valid_days int, asked_with text, for_whom text, content jsonb)
LANGUAGE sql IMMUTABLE
AS $library$
VALUES
(1, 'medspa-intake', 'Medical history', 'intake', 'Medical spa', 'Health, medicines, allergies and skin; also in Spanish', 'days', 365, 'services', 'everybody', $form$
{"title": "Your medical history",
 "body": "I have answered truthfully and as completely as I can. I will tell the studio when anything changes, because a treatment that is safe today may not be safe then.\n\nI understand that these answers become part of my record and are read only by the people who look after me, and by others only as the notice of privacy practices says.",
 "questions": [
  {"key": "reason", "kind": "text", "label": "What brings you to us?", "help": "In your own words.", "required": true},
  {"key": "area", "kind": "body", "label": "Which areas would you like to talk about?"},
  {"key": "skin_type", "kind": "choice", "label": "How does your skin react to sun?", "options": ["Always burns, never tans", "Burns, then tans a little", "Burns sometimes, tans slowly", "Burns rarely, tans easily", "Almost never burns"], "required": true},
  {"key": "conditions", "kind": "multi", "label": "Do you have, or have you had, any of these?", "help": "Tick all that apply.", "options": ["Diabetes", "High blood pressure", "Heart disease or pacemaker", "Bleeding or clotting disorder", "Autoimmune illness", "Nerve or muscle illness", "Cold sores", "Keloid or raised scars", "Skin cancer", "Epilepsy", "None of these"], "none": "None of these", "required": true},
  {"key": "condition_more", "kind": "long", "label": "Which nerve or muscle illness?", "help": "Some treatments are not safe with these.", "required": true, "when": ["conditions", "Nerve or muscle illness"]},
  {"key": "cold_sore_last", "kind": "text", "label": "When did you last have a cold sore?", "required": true, "when": ["conditions", "Cold sores"]},
  {"key": "may_be_pregnant", "kind": "choice", "label": "Are you pregnant, trying to be, or breastfeeding?", "options": ["No", "Pregnant", "Trying to be", "Breastfeeding", "Does not apply to me"], "required": true},
  {"key": "weeks", "kind": "number", "label": "How far along are you?", "min": 1, "max": 43, "unit": "weeks", "when": ["may_be_pregnant", "Pregnant"]},
  {"key": "allergies", "kind": "allergies", "label": "Allergies", "help": "Medicines, anaesthetics, latex, metals, foods.", "required": true},
  {"key": "medications", "kind": "medications", "label": "Medicines", "help": "Also over the counter, vitamins and herbs. Blood thinners and acne medicines above all.", "required": true},
  {"key": "treated_before", "kind": "yes_no", "label": "Have you had injections, laser, peels or surgery in the area before?", "required": true, "more": "What, when, and did anything go wrong?"},
  {"key": "smokes", "kind": "yes_no", "label": "Do you smoke or vape?", "required": true},
  {"key": "anything_else", "kind": "long", "label": "Is there anything else we should know?"},
  {"key": "truthful", "kind": "acknowledge", "label": "These answers are true and complete as far as I know.", "required": true}],
 "translations": {"es": {"title": "Su historia médica",
  "body": "He respondido con sinceridad y de la forma más completa que he podido. Avisaré al estudio cuando algo cambie, porque un tratamiento que hoy es seguro puede no serlo entonces.\n\nEntiendo que estas respuestas pasan a formar parte de mi expediente y que solo las leen las personas que me atienden, y otras únicamente según lo indica el aviso de prácticas de privacidad.",
  "questions": {
   "reason": {"label": "¿Qué le trae a nosotros?", "help": "Con sus propias palabras."},
   "area": {"label": "¿De qué zonas quisiera hablar?"},
   "skin_type": {"label": "¿Cómo reacciona su piel al sol?", "options": ["Siempre se quema, nunca se broncea", "Se quema y luego se broncea un poco", "A veces se quema, se broncea despacio", "Rara vez se quema, se broncea con facilidad", "Casi nunca se quema"]},
   "conditions": {"label": "¿Tiene o ha tenido algo de lo siguiente?", "help": "Marque todo lo que corresponda.", "options": ["Diabetes", "Presión arterial alta", "Enfermedad del corazón o marcapasos", "Trastorno de sangrado o coagulación", "Enfermedad autoinmune", "Enfermedad de los nervios o los músculos", "Herpes labial", "Queloides o cicatrices abultadas", "Cáncer de piel", "Epilepsia", "Nada de esto"]},
   "condition_more": {"label": "¿Qué enfermedad de los nervios o los músculos?", "help": "Algunos tratamientos no son seguros con ellas."},
   "cold_sore_last": {"label": "¿Cuándo tuvo herpes labial por última vez?"},
   "may_be_pregnant": {"label": "¿Está embarazada, intenta estarlo o está amamantando?", "options": ["No", "Embarazada", "Intento estarlo", "Amamantando", "No se aplica a mí"]},
   "weeks": {"label": "¿De cuántas semanas está?", "unit": "semanas"},
   "allergies": {"label": "Alergias", "help": "Medicamentos, anestésicos, látex, metales, alimentos."},
   "medications": {"label": "Medicamentos", "help": "También los de venta libre, vitaminas y hierbas. Sobre todo anticoagulantes y medicamentos para el acné."},
   "treated_before": {"label": "¿Ha tenido antes inyecciones, láser, exfoliaciones o cirugía en la zona?", "more": "¿Qué, cuándo, y salió algo mal?"},
   "smokes": {"label": "¿Fuma o vapea?"},
   "anything_else": {"label": "¿Hay algo más que debamos saber?"},
   "truthful": {"label": "Estas respuestas son verdaderas y completas hasta donde sé."}}}}}
$form$::jsonb),
(2, 'botulinum-toxin', 'Consent: botulinum toxin', 'consent', 'Medical spa', 'Risks, what rules it out, off-label use, aftercare', 'visit', NULL, 'services', 'everybody', $form$
{"title": "Consent to treatment with botulinum toxin",
 "body": "What it is. Botulinum toxin is a prescription medicine. Injected in small amounts it relaxes the muscles that fold the skin. The effect begins after three to fourteen days and lasts about three to four months. Some uses are “off label”: common in practice, but not named in the approval of the product. My provider has told me whether mine is.\n\nWhat I can expect. Results differ from person to person, and nobody has promised me one. More than one session may be needed. I may choose another treatment, or none.\n\nWhat may happen. Common and passing: redness, swelling, bruising, soreness, headache. Less often: a drooping eyelid or brow, an uneven smile, double vision, dry or watering eyes, an allergic reaction, an infection, or no effect. Rarely the effect spreads beyond where it was injected, hours to weeks later: weakness all over, trouble swallowing, speaking or breathing. These can threaten life; I call 911 at once if they happen.\n\nWhen it is not safe. During pregnancy and breastfeeding; with an infection where it would be injected; with an allergy to a botulinum product or to cow’s milk protein, where the product has it; with illnesses of nerves and muscles such as myasthenia gravis, Lambert-Eaton syndrome or ALS, unless a doctor who knows them agrees.\n\nAfterwards. I stay upright for four hours, do not rub the area, and avoid hard exercise, alcohol and heat for a day. I have been told whom to call.\n\nI may ask questions at any time, and I may stop or take this consent back before the treatment begins, without giving a reason.",
 "questions": [
  {"key": "not_pregnant", "kind": "yes_no", "label": "Are you pregnant or breastfeeding?", "required": true},
  {"key": "nerve_illness", "kind": "yes_no", "label": "Do you have an illness of nerves or muscles?", "required": true, "more": "Which, and what does your doctor say about this treatment?"},
  {"key": "toxin_before", "kind": "yes_no", "label": "Have you had botulinum toxin before?", "required": true},
  {"key": "toxin_last", "kind": "date", "label": "When was the last time?", "help": "About when is enough.", "when": ["toxin_before", "yes"]},
  {"key": "toxin_problem", "kind": "yes_no", "label": "Was there any problem with it?", "required": true, "more": "What happened?", "when": ["toxin_before", "yes"]},
  {"key": "areas", "kind": "body", "label": "Which areas are to be treated?", "required": true},
  {"key": "read_risks", "kind": "initials", "label": "I have read what may happen, and when to call 911: my initials", "required": true},
  {"key": "asked", "kind": "acknowledge", "label": "I could ask all my questions, and they were answered.", "required": true}]}
$form$::jsonb),
(3, 'dermal-filler', 'Consent: dermal filler', 'consent', 'Medical spa', 'Vascular occlusion, dissolving, aftercare', 'visit', NULL, 'services', 'everybody', $form$
{"title": "Consent to treatment with dermal filler",
 "body": "What it is. A filler is a gel that is injected under the skin to restore volume or shape. Most are made of hyaluronic acid and last six to eighteen months; my provider has told me which product is used, and whether this use is in its approval or “off label”.\n\nWhat I can expect. Results differ, nobody has promised me one, and a touch-up may be needed. I may choose another treatment, or none.\n\nWhat may happen. Common and passing: swelling, bruising, redness, tenderness, itching. Less often: lumps, unevenness, a bluish tint, filler that moves, cold sores that return, infection, an allergic reaction, nodules or inflammation months later.\n\nThe most serious risk. Rarely filler enters or presses on a blood vessel. Then skin can die, and very rarely sight is lost or a stroke follows. Signs are severe pain, skin that turns white, grey or mottled, and any change of vision, during the treatment or in the days after. I call the studio at once, and 911 for a change of vision, speech or strength. An enzyme that dissolves hyaluronic acid may then be given without delay; it can cause an allergic reaction, and I agree to it in such an emergency unless I say otherwise below.\n\nWhen it is not safe. During pregnancy and breastfeeding; with an infection or an active outbreak in the area; with an allergy to the product, to lidocaine where it is in it, or, for the enzyme, to bee stings; with a bleeding disorder, unless my doctor agrees.\n\nAfterwards. No pressure on the area, no make-up for a day, no dental work for two weeks, no heat or hard exercise for two days.\n\nI may ask questions at any time, and I may stop or take this consent back before the treatment begins, without giving a reason.",
 "questions": [
  {"key": "pregnant", "kind": "yes_no", "label": "Are you pregnant or breastfeeding?", "required": true},
  {"key": "thinners", "kind": "yes_no", "label": "Do you take anything that thins the blood?", "help": "Aspirin, ibuprofen, warfarin and the like, fish oil, vitamin E.", "required": true, "more": "What, and when last?"},
  {"key": "filler_before", "kind": "yes_no", "label": "Have you had filler before, of any kind?", "required": true, "more": "Which product, where, and when?"},
  {"key": "cold_sores", "kind": "yes_no", "label": "Do you get cold sores?", "required": true},
  {"key": "dental", "kind": "yes_no", "label": "Dental work, a vaccination or an infection in the last two weeks, or planned in the next two?", "required": true, "more": "What, and when?"},
  {"key": "enzyme", "kind": "choice", "label": "If filler blocks a blood vessel, the enzyme may be given at once:", "options": ["Yes", "No: ask me first, although time matters"], "required": true},
  {"key": "areas", "kind": "body", "label": "Which areas are to be treated?", "required": true},
  {"key": "vessel_signed", "kind": "signature", "label": "I have read the most serious risk and its signs, and I accept it", "help": "Sign here for this alone; the whole form is signed at the end.", "required": true},
  {"key": "asked", "kind": "acknowledge", "label": "I could ask all my questions, and they were answered.", "required": true}]}
$form$::jsonb),
(4, 'laser', 'Consent: laser and light', 'consent', 'Medical spa', 'Hair removal and skin; sun, medicines, eye protection', 'visit', NULL, 'services', 'everybody', $form$
{"title": "Consent to treatment with laser or intense light",
 "body": "What it is. A device sends light into the skin, where it turns to heat in hair, pigment or vessels. Several sessions are usual, weeks apart. Hair removal reduces hair for a long time; it does not promise that none grows again.\n\nWhat may happen. Common and passing: redness, swelling around the hairs, a feeling like sunburn. Less often: blisters, burns, crusts, bruises, infection, cold sores that return, skin that becomes lighter or darker for months and rarely for good, scars, and hair that grows more. The risk is greater on tanned and on darker skin, and the settings depend on what I tell about both.\n\nEyes. Light can injure them. I wear the goggles that I am given for the whole treatment and do not lift them.\n\nWhen it is not safe. On tanned skin, and where tanning lotion was used in the last two weeks; with medicines that make skin sensitive to light; within six months of isotretinoin, unless my provider agrees; over tattoos, suspicious moles and open skin; with a history of keloid scars or of fits that light brings on, unless a doctor agrees. During pregnancy it is put off.\n\nBefore and after. I shave where I am told to, do not wax or pluck for four weeks before, and keep the area out of the sun and under SPF 30 or more for four weeks before and after.\n\nI may ask questions at any time, and I may stop the treatment or take this consent back before it begins, without giving a reason.",
 "questions": [
  {"key": "sun", "kind": "yes_no", "label": "Sun, a tanning bed or tanning lotion on the area in the last four weeks?", "required": true, "more": "What, and when last?"},
  {"key": "light_medicine", "kind": "yes_no", "label": "Do you take a medicine that makes skin sensitive to light?", "help": "Some antibiotics, acne medicines, water tablets, St John’s wort.", "required": true, "more": "Which, and since when?"},
  {"key": "isotretinoin", "kind": "choice", "label": "Isotretinoin (Accutane and others)?", "options": ["Never", "More than six months ago", "In the last six months", "Now"], "required": true},
  {"key": "keloid", "kind": "yes_no", "label": "Do your scars grow thick or raised?", "required": true},
  {"key": "pregnant", "kind": "yes_no", "label": "Are you pregnant?", "required": true},
  {"key": "tattoo", "kind": "yes_no", "label": "Is there a tattoo or permanent make-up in the area?", "required": true, "more": "Where?"},
  {"key": "areas", "kind": "body", "label": "Which areas are to be treated?", "required": true},
  {"key": "area_photo", "kind": "file", "label": "A picture of the area, if you like", "help": "In daylight. It helps us to prepare; you need not send one."},
  {"key": "goggles", "kind": "initials", "label": "I keep the goggles on for the whole treatment: my initials", "required": true},
  {"key": "asked", "kind": "acknowledge", "label": "I could ask all my questions, and they were answered.", "required": true}]}
$form$::jsonb),
(5, 'photo-release', 'Photographs', 'consent', 'For every studio', 'A yes or no for each purpose: chart, teaching, website; also in Spanish', 'days', 3650, 'services', 'everybody', $form$
{"title": "Photographs of you",
 "body": "You decide for each purpose on its own. A no changes nothing about how you are treated, and there is no payment for a yes.\n\nIn your chart, photographs show how a treatment went. They are kept as carefully as the rest of your record.\n\nFor teaching, they are shown to people who learn this work, without your name.\n\nOn our website and in our other publications everybody can see them, without your name unless you also allow that in writing. What was once published can be copied by others, and cannot be called back from them.\n\nYou may take each yes back at any time, by telling us; from then on we do not use the photographs for that purpose, and take them off our own pages. What is in your chart stays in it for as long as the law asks us to keep records.",
 "authorisation": {"described": "Photographs of the areas that are treated, taken here before, during and after a treatment; of your face only as far as you allow it below. Not your name, and nothing else of your record.",
  "used_by": "This studio: those who work here and look after its teaching, its website and its other publications.",
  "used_for": "For teaching: people who learn this work, to see how treatments go. On the website and in other publications: everybody, to show our work. Only for those of these to which you say yes.",
  "used_until": "For ten years (3650 days) from the day you sign, or until you take it back, whichever comes first.",
  "taking_back": "Under “What I allowed”, from any of our links; at the desk; or in writing. It counts from that moment, for what was not shown yet. Whoever saw or copied a photograph before is not bound by our rules."},
 "questions": [
  {"key": "photo_chart", "kind": "yes_no", "label": "May we photograph the treated area for your chart?", "required": true, "purpose": "photo_chart"},
  {"key": "photo_teaching", "kind": "yes_no", "label": "May we show these photographs for teaching?", "required": true, "purpose": "photo_teaching"},
  {"key": "photo_website", "kind": "yes_no", "label": "May we publish them on our website and in our other publications?", "required": true, "purpose": "photo_website"},
  {"key": "face", "kind": "choice", "label": "May your face be recognisable in what we publish?", "options": ["Yes", "No, only details"], "required": true, "when": ["photo_website", "yes"]}],
 "translations": {"es": {"title": "Fotografías suyas",
  "body": "Usted decide para cada fin por separado. Decir que no no cambia nada en su atención, y por decir que sí no se paga nada.\n\nEn su expediente, las fotografías muestran cómo resultó un tratamiento. Se guardan con el mismo cuidado que el resto de su expediente.\n\nPara la enseñanza, se muestran a personas que aprenden este trabajo, sin su nombre.\n\nEn nuestro sitio web y en nuestras demás publicaciones todo el mundo puede verlas, sin su nombre a menos que usted también lo permita por escrito. Lo que se publicó una vez lo pueden copiar otras personas, y ya no se puede recuperar.\n\nUsted puede retirar cada sí en cualquier momento, con solo decírnoslo; desde entonces no usamos las fotografías para ese fin y las quitamos de nuestras propias páginas. Lo que está en su expediente permanece en él mientras la ley nos pida conservarlo.",
  "authorisation": {"described": "Fotografías de las zonas tratadas, tomadas aquí antes, durante y después de un tratamiento; de su rostro solo en la medida en que usted lo permita abajo. Ni su nombre ni ninguna otra cosa de su expediente.",
   "used_by": "Este estudio: quienes trabajan aquí y se ocupan de la enseñanza, del sitio web y de las demás publicaciones.",
   "used_for": "Para la enseñanza: personas que aprenden este trabajo, para ver cómo resultan los tratamientos. En el sitio web y en otras publicaciones: todo el mundo, para mostrar nuestro trabajo. Solo para aquello a lo que usted diga que sí.",
   "used_until": "Durante diez años (3650 días) desde el día en que firma, o hasta que lo retire, lo que ocurra primero.",
   "taking_back": "En «Lo que he autorizado», desde cualquiera de nuestros enlaces; en recepción; o por escrito. Cuenta desde ese momento, para lo que aún no se haya mostrado. Quien haya visto o copiado antes una fotografía no está sujeto a nuestras reglas."},
  "questions": {
   "photo_chart": {"label": "¿Podemos fotografiar la zona tratada para su expediente?"},
   "photo_teaching": {"label": "¿Podemos mostrar estas fotografías para la enseñanza?"},
   "photo_website": {"label": "¿Podemos publicarlas en nuestro sitio web y en nuestras demás publicaciones?"},
   "face": {"label": "¿Puede reconocerse su rostro en lo que publicamos?", "options": ["Sí", "No, solo detalles"]}}}}}
$form$::jsonb),
(6, 'hipaa-notice', 'Notice of privacy practices: received', 'consent', 'For every studio', 'That the HIPAA notice was given; not a consent', 'life', NULL, 'first_visit', 'everybody', $form$
{"title": "Notice of privacy practices: received",
 "body": "The law asks us to give you our notice of privacy practices. It says how we may use and share what we know of your health, and what your rights are: to see and copy your record, to ask for corrections, to ask who received it, to ask for confidential ways of reaching you and for limits on sharing, and to complain to us or to the U.S. Department of Health and Human Services without any disadvantage.\n\nThe notice is on our website under “Privacy”, and on paper at the front desk whenever you ask.\n\nBy signing you say only that you were offered the notice. You do not agree to anything by it, and you are treated whether you sign or not.",
 "questions": [
  {"key": "offered", "kind": "acknowledge", "label": "I was offered the notice of privacy practices.", "required": true},
  {"key": "reach", "kind": "yes_no", "label": "Is there a way or a time at which we should not reach you?", "more": "Which?"}]}
$form$::jsonb),
(7, 'elective-ultrasound', 'Elective ultrasound: what it is and is not', 'consent', 'Ultrasound studio', 'Not diagnostic; in care; ALARA; also in Spanish', 'visit', NULL, 'services', 'everybody', $form$
{"title": "Elective ultrasound: what it is and is not",
 "body": "I have asked for an elective ultrasound session, to see and keep pictures of my baby.\n\nIt is not a medical examination. It does not diagnose, it does not rule out any illness, and it does not replace the scans that my doctor or midwife orders. Nobody here looks for abnormalities or says that my baby is healthy. That a session goes well says nothing about my baby’s health or mine.\n\nI am in care. A doctor or midwife cares for this pregnancy, and I have had, or will have, the medical scan that they advise.\n\nHow it works. Ultrasound is sound too high to hear. No harm to babies is proven, and authorities, the U.S. Food and Drug Administration among them, advise against sessions without a medical reason, and to keep every exposure as low as reasonably achievable. The sonographer keeps to that and may end the session at any time.\n\nPictures depend on the baby’s position, the placenta, fluid and build. A good picture, a clear face or a certain answer about the sex cannot be promised.\n\nIf the sonographer sees something that should not wait she will ask me to call my doctor or midwife, without naming a diagnosis. That she says nothing does not mean that there is nothing.\n\nI may end the session at any time.",
 "questions": [
  {"key": "in_care", "kind": "acknowledge", "label": "A doctor or midwife cares for this pregnancy.", "required": true},
  {"key": "provider", "kind": "text", "label": "Who, and where?", "required": true},
  {"key": "had_scan", "kind": "yes_no", "label": "Have you had a medical scan in this pregnancy?", "required": true},
  {"key": "scan_noted", "kind": "yes_no", "label": "Was anything noted that you were told to watch?", "required": true, "more": "What? It helps us to ask you to see your doctor first where that is better.", "when": ["had_scan", "yes"]},
  {"key": "symptoms", "kind": "yes_no", "label": "Pain, bleeding, loss of fluid, or does the baby move less than usual?", "help": "If so, call your doctor or midwife now. Do not wait for this session.", "required": true, "more": "What, and since when?"},
  {"key": "know_sex", "kind": "choice", "label": "Do you want to know the sex of the baby?", "options": ["Yes", "No, keep it a surprise", "In a sealed envelope"], "required": true},
  {"key": "not_diagnostic", "kind": "initials", "label": "I understand that this is not a medical examination: my initials", "required": true}],
 "translations": {"es": {"title": "Ultrasonido electivo: qué es y qué no es",
  "body": "He pedido una sesión de ultrasonido electivo para ver y conservar imágenes de mi bebé.\n\nNo es un examen médico. No diagnostica, no descarta ninguna enfermedad y no sustituye los ultrasonidos que indica mi médico o partera. Aquí nadie busca anomalías ni dice que mi bebé está sano. Que una sesión salga bien no dice nada sobre la salud de mi bebé ni la mía.\n\nEstoy bajo cuidado. Un médico o una partera atiende este embarazo, y me he hecho o me haré el ultrasonido médico que me aconsejen.\n\nCómo funciona. El ultrasonido es un sonido demasiado agudo para oírse. No se ha demostrado daño a los bebés, y las autoridades, entre ellas la Administración de Alimentos y Medicamentos de los Estados Unidos (FDA), aconsejan no hacer sesiones sin motivo médico y mantener toda exposición tan baja como sea razonablemente posible. La ecografista se atiene a ello y puede terminar la sesión en cualquier momento.\n\nLas imágenes dependen de la posición del bebé, la placenta, el líquido y la complexión. No se puede prometer una buena imagen, un rostro claro ni una respuesta segura sobre el sexo.\n\nSi la ecografista ve algo que no debe esperar, me pedirá que llame a mi médico o partera, sin nombrar un diagnóstico. Que no diga nada no significa que no haya nada.\n\nPuedo terminar la sesión en cualquier momento.",
  "questions": {
   "in_care": {"label": "Un médico o una partera atiende este embarazo."},
   "provider": {"label": "¿Quién, y dónde?"},
   "had_scan": {"label": "¿Se ha hecho un ultrasonido médico en este embarazo?"},
   "scan_noted": {"label": "¿Se observó algo que le dijeron que vigilara?", "more": "¿Qué? Nos ayuda a pedirle que vea primero a su médico cuando eso es mejor."},
   "symptoms": {"label": "¿Dolor, sangrado, pérdida de líquido, o el bebé se mueve menos de lo habitual?", "help": "Si es así, llame ahora a su médico o partera. No espere a esta sesión.", "more": "¿Qué, y desde cuándo?"},
   "know_sex": {"label": "¿Quiere saber el sexo del bebé?", "options": ["Sí", "No, que sea una sorpresa", "En un sobre cerrado"]},
   "not_diagnostic": {"label": "Entiendo que esto no es un examen médico: mis iniciales"}}}}}
$form$::jsonb),
(8, 'minor', 'Consent for a minor', 'consent', 'For every studio', 'Signed by a parent or guardian; asked only of who is under eighteen', 'visit', NULL, 'every_visit', 'minors', $form$
{"title": "Consent for a minor",
 "body": "I am a parent or the legal guardian of this client, who is under eighteen, and I may decide about her or his treatment alone; or whoever else must agree has agreed.\n\nWhat is planned, what it may do, what may happen, what else could be done and what happens if nothing is done was explained to me and, in words that fit the age, to the client. We could ask all our questions.\n\nI agree to the treatment named for this visit. The client agrees as well; against her or his will nothing is done.\n\nI can be reached during the visit at the number below. I may take this consent back at any time before the treatment begins.",
 "questions": [
  {"key": "relation", "kind": "choice", "label": "I am the client’s", "options": ["Mother or father", "Legal guardian", "Other, with a court’s order or written authority"], "required": true},
  {"key": "authority", "kind": "text", "label": "Which order or authority?", "help": "Bring it with you, please.", "required": true, "when": ["relation", "Other, with a court’s order or written authority"]},
  {"key": "reach", "kind": "text", "label": "Your phone number during the visit", "required": true},
  {"key": "present", "kind": "choice", "label": "During the visit", "options": ["I stay with the client", "I wait nearby", "Another adult comes along"], "required": true},
  {"key": "companion", "kind": "text", "label": "Who comes along?", "required": true, "when": ["present", "Another adult comes along"]},
  {"key": "agrees", "kind": "acknowledge", "label": "The client knows what is planned and agrees.", "required": true}]}
$form$::jsonb),
(9, 'messaging', 'Messages to your phone and mail', 'consent', 'For every studio', 'About visits; advertising only on its own yes', 'life', NULL, 'first_visit', 'everybody', $form$
{"title": "Messages to your phone and mail",
 "body": "We write to you about your visits: that one is booked, moved or near, and which forms are still to be filled in. Text messages and ordinary e-mails are not encrypted all the way; others with access to your phone or mail may read them. So we never name a treatment in them.\n\nYou need not agree to text messages to be treated here. Messages may come from an automatic system; how many depends on your visits. Your phone company may charge you. Reply STOP to end them, HELP for help, or tell us.\n\nAdvertising is something else: you get it only when you say yes to it below, and that yes is no condition of buying anything.",
 "authorisation": {"described": "Your name, e-mail address and phone number. Nothing of what you are treated for.",
  "used_by": "This studio, and those who carry its messages for it.",
  "used_for": "To send you our own offers and news, by the ways to which you say yes below. We give or sell them to nobody else for advertising.",
  "used_until": "Until you take it back, or your record here ends.",
  "taking_back": "Under “What I allowed”, from any of our links; in answer to any message (STOP to a text message); or at the desk. It counts at once, also for what is waiting to be sent."},
 "questions": [
  {"key": "texts", "kind": "yes_no", "label": "May we send you text messages about your visits?", "required": true, "purpose": "sms_service"},
  {"key": "texts_number", "kind": "text", "label": "To which number?", "required": true, "when": ["texts", "yes"]},
  {"key": "mails", "kind": "yes_no", "label": "May we send you e-mails about your visits?", "required": true, "purpose": "email_service"},
  {"key": "voice", "kind": "yes_no", "label": "May we call you about your visits, and leave word on your voicemail that says where we call from?", "required": true, "purpose": "phone_service"},
  {"key": "adverts_mail", "kind": "yes_no", "label": "Offers and news: may we send them by e-mail?", "required": true, "purpose": "email_news"},
  {"key": "adverts_texts", "kind": "yes_no", "label": "Offers and news: may we send them by text message?", "required": true, "purpose": "sms_news"}]}
$form$::jsonb),
(10, 'cancellation', 'Cancelling and coming late', 'consent', 'For every studio', 'Your rules in words; change the hours and amounts to yours', 'days', 365, 'services', 'everybody', $form$
{"title": "Cancelling and coming late",
 "body": "A visit is kept for you alone. If you cannot come, tell us at least 24 hours before, by the link in our messages or by phone; then it costs you nothing.\n\nWho cancels later, or does not come, may be charged the fee that was shown when the visit was booked. We do not charge it when you were ill or had an emergency and tell us as soon as you can.\n\nWho comes more than 15 minutes late may have a shorter visit, or another day, so that the next person need not wait.\n\nA deposit counts toward the visit. It is given back when you cancel in time, or when we cancel.",
 "questions": [
  {"key": "understood", "kind": "acknowledge", "label": "I have read these rules and agree to them.", "required": true}]}
$form$::jsonb)
$library$;

REVOKE ALL ON FUNCTION app.form_library() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_library() TO foyer_staff;

RESET ROLE;
