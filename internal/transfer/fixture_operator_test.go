package transfer

import (
	"context"
	"fmt"
	"math"
	"time"

	"clientele"
)

// operatorBook is what of a book operators need.
type operatorBook interface {
	CreateOperator(ctx context.Context, o clientele.Operator) (clientele.Operator, error)
	PutSession(ctx context.Context, token string, data []byte, expiresAt time.Time) error
	AppendAudit(ctx context.Context, e clientele.AuditEntry) error
}

// operators makes operators with every field and with none, a session, and what they did.
func (f *fixture) operators() {
	ctx := f.t.Context()
	for i, role := range clientele.Roles {
		o := clientele.Operator{Email: fmt.Sprint("operator-", i, "@example.com"), Role: role, PasswordHash: "$argon2id$", CreatedAt: f.moment()}
		if i == 1 {
			o.PasswordIsOneTime, o.FailedLogins = true, math.MaxInt32
			o.LockedUntil, o.LastLoginAt, o.DisabledAt = f.moment(), f.moment(), f.moment()
		}
		o, err := f.book.CreateOperator(ctx, o)
		f.must(err)
		f.must(f.book.AppendAudit(ctx, clientele.AuditEntry{
			At: f.moment(), OperatorID: o.ID, Operator: o.Email, Action: "credential.issue", ProjectID: f.projects[i%2],
			Subject: "credential 1", RequestID: "żółw",
		}))
	}
	f.must(f.book.AppendAudit(ctx, clientele.AuditEntry{At: f.moment(), Operator: "nobody@example.com", Action: "login_failed"}))
	f.must(f.book.PutSession(ctx, "token", []byte{0, 255}, f.moment()))
}
