package postgres

import (
	"time"

	"clientele"
)

// SharedTables are tables that statements look up in without a project.
var SharedTables = []string{"operator", "session", "audit"}

// consoleStatements are those about operators, sessions and the audit log that run with a page or by themselves.
func consoleStatements() []Statement {
	pk, token := map[string][]string{"operator_pk": {"id"}}, map[string][]string{"session_pk": {"token"}}
	now := time.Now()
	list := []Statement{
		{"find operator", findOperator, []any{int64(7)}, pk},
		{"find operator by e-mail", findOperatorByEmail, []any{"o7"}, map[string][]string{"operator_email_unique": {"email"}}},
		{"record login", recordLogin, []any{int64(7), now}, pk},
		{"count failed login", countFailedLogin, []any{int64(7)}, pk},
		{"lock operator", lockOperator, []any{int64(7), now}, pk},
		{"find session", findSession, []any{"s7", now}, token},
		{"put session", putSession, []any{"s7", []byte{}, now}, nil},
		{"update session", updateSession, []any{"s7", []byte{}, now}, token},
		{"delete session", deleteSession, []any{"s7"}, token},
		{"list expired sessions", expiredSessions, []any{now, 10}, map[string][]string{"session_expires_at": {"expires_at"}}},
		{"list old audit log", oldAudit, []any{now, 10}, map[string][]string{"audit_at": {"at"}}},
	}
	for _, c := range []struct {
		index   string
		filter  clientele.AuditFilter
		columns []string
	}{
		{"audit_pk", clientele.AuditFilter{}, nil},
		{"audit_operator", clientele.AuditFilter{OperatorID: 7}, []string{"operator_id"}},
		{"audit_project", clientele.AuditFilter{ProjectID: 7}, []string{"project_id"}},
		{"audit_operator_project", clientele.AuditFilter{OperatorID: 7, ProjectID: 7}, []string{"operator_id", "project_id"}},
	} {
		for before := range int64(2) {
			c.filter.Before, c.filter.Limit = before*9000, 10
			sql, args := listAudit(c.filter)
			list = append(list, Statement{"list audit log by " + c.index, sql, args, map[string][]string{c.index: c.columns}})
		}
	}
	return list
}
