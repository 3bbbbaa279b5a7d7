-- 720_recall_letters: whoever writes to clients may see which product and lot a recall is about; it is nobody's health.

SET LOCAL ROLE foyer_owner;
ALTER POLICY staff_may_read ON app.product
    USING ((SELECT app.may_some('chart_read')) OR (SELECT app.may_some('chart_write')) OR (SELECT app.may('settings_write')) OR (SELECT app.may('message_write')));
ALTER POLICY staff_may_read ON app.product_lot
    USING ((SELECT app.may_some('chart_read')) OR (SELECT app.may_some('chart_write')) OR (SELECT app.may('settings_write')) OR (SELECT app.may('message_write')));
RESET ROLE;
