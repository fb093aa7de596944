package access

import (
	"context"
	"testing"
	"time"

	"clientele"
)

// overtaken is a directory whose answer is overtaken by a revocation: it is heard of after the store was read and before the
// answer is kept.
type overtaken struct {
	*directory
	overtake func()
}

func (o *overtaken) FindCredentialBySecret(ctx context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error) {
	c, until, err := o.directory.FindCredentialBySecret(ctx, hash)
	if o.overtake != nil {
		overtake := o.overtake
		o.overtake = nil
		overtake()
	}
	return c, until, err
}

// TestForgetAll_WhatWasAskedBeforeIsNotKept: a revocation that is heard of takes effect at once, also for a caller whose
// question to the store it overtook.
func TestForgetAll_WhatWasAskedBeforeIsNotKept(t *testing.T) {
	clock, d := newClock(), &overtaken{directory: newDirectory()}
	const secret = "opm_0123456789abcdef"
	d.put(secret, clientele.Credential{ID: 1, Dialect: clientele.OPM, Grants: []clientele.Grant{{ProjectID: 1}}}, time.Time{})
	a := New(d, clock.Now)
	d.overtake = func() {
		d.revoke(secret, clock.Now())
		a.ForgetAll()
	}
	if _, err := a.BySecret(t.Context(), clientele.OPM, secret); err != nil {
		t.Fatalf("asked before the revocation: %v", err)
	}
	if _, err := a.BySecret(t.Context(), clientele.OPM, secret); clientele.KindOf(err) != clientele.KindUnauthorized {
		t.Errorf("asked after the revocation: %v, want unauthorized", err)
	}
}
