-- 241_watch: whose permission to write charts reaches a client only, may put her under watch and end that.

SET LOCAL ROLE foyer_owner;
ALTER POLICY staff_may_read ON app.client_watch
    USING ((SELECT app.may('client_read')) OR (SELECT app.may('chart_read')) OR (SELECT app.may('audit_read'))
           OR app.reaches('client_read', client_id) OR app.reaches('chart_read', client_id));
ALTER POLICY staff_may_add ON app.client_watch
    WITH CHECK ((SELECT app.may('chart_write')) OR (SELECT app.may('settings_write')) OR app.reaches('chart_write', client_id));
ALTER POLICY staff_may_end ON app.client_watch
    USING ((SELECT app.may('chart_write')) OR (SELECT app.may('settings_write')) OR app.reaches('chart_write', client_id));
RESET ROLE;
