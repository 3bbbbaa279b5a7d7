/* features.h -- the page tables that features.c gathers. */
#ifndef FOYER_FEATURES_H
#define FOYER_FEATURES_H
#include "job.h"
#include "web.h"

extern const struct page brand_pages[];
extern const struct page login_pages[];
extern const struct page device_pages[];
extern const struct page second_factor_pages[];
extern const struct page passkey_pages[];
extern const struct page confirm_pages[];
extern const struct page resume_pages[];
extern const struct page factor_reset_pages[];
extern const struct page sso_pages[];
extern const struct page settings_pages[];
extern const struct page account_pages[];
extern const struct page people_pages[];
extern const struct page feed_pages[];
extern const struct page signup_pages[];
extern const struct page invitation_pages[];
extern const struct page business_pages[];
extern const struct page message_pages[];
extern const struct page messaging_pages[];
extern const struct page demo_pages[];
extern const struct page house_pages[];
extern const struct page tenant_pages[];
extern const struct page support_pages[];
extern const struct page audit_pages[];
extern const struct page kiosk_pages[];
extern const struct page looked_pages[];
extern const struct page review_pages[];
extern const struct page audit_export_pages[];
extern const struct page calendar_pages[];
extern const struct page appointment_pages[];
extern const struct page series_pages[];
extern const struct page waitlist_pages[];
extern const struct page client_pages[];
extern const struct page person_pages[];
extern const struct page tag_pages[];
extern const struct page client_field_pages[];
extern const struct page duplicate_pages[];
extern const struct page photo_pages[];
extern const struct page correction_pages[];
extern const struct page client_list_pages[];
extern const struct page client_import_pages[];
extern const struct page form_pages[];
extern const struct page form_build_pages[];
extern const struct page form_paper_pages[];
extern const struct page proof_pages[];
extern const struct page chart_pages[];
extern const struct page health_pages[];
extern const struct page note_template_pages[];
extern const struct page product_pages[];
extern const struct page encounter_pages[];
extern const struct page recall_pages[];
extern const struct page body_map_pages[];
extern const struct page plan_pages[];
extern const struct page booking_pages[];
extern const struct page booking_page_pages[];
extern const struct page manage_pages[];
extern const struct page language_pages[];
extern const struct page privacy_pages[];
extern const struct page role_pages[];
extern const struct page access_pages[];
extern const struct page emergency_pages[];
extern const struct page service_pages[];
extern const struct page unit_pages[];
extern const struct page opening_pages[];
extern const struct page shift_pages[];
extern const struct page rule_pages[];
extern const struct page time_off_pages[];
extern const struct page closure_import_pages[];
extern const struct page outside_pages[];
extern const struct page report_pages[];

/* Kinds of jobs (job_kinds.c). */
enum job_end message_send_job(struct req *r, const struct job *job, struct str *why);
bool message_give_up(struct req *r, const struct job *job);
enum job_end sso_discover(struct req *r, const struct job *job, struct str *why);
enum job_end form_remind_job(struct req *r, const struct job *job, struct str *why);
/* Looks again at what visits to come ask for, after a form was changed. */
enum job_end form_look_job(struct req *r, const struct job *job, struct str *why);
/* form/declined.c */
enum job_end form_declined_job(struct req *r, const struct job *job, struct str *why);
enum job_end link_locked_job(struct req *r, const struct job *job, struct str *why);
enum job_end correction_told_job(struct req *r, const struct job *job, struct str *why);
enum job_end outside_read(struct req *r, const struct job *job, struct str *why);
enum job_end media_remove_job(struct req *r, const struct job *job, struct str *why);
enum job_end media_sweep_job(struct req *r, const struct job *job, struct str *why);
/* Seals anew what an old key of the business sealed (key_job.c). */
enum job_end key_rewrap_job(struct req *r, const struct job *job, struct str *why);
enum job_end sso_exchange(struct req *r, const struct job *job, struct str *why);

#endif
