package clientele_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"clientele"
)

func TestKind_NamesOfLogsAndMetrics(t *testing.T) {
	names := []string{
		"internal", "invalid", "unauthorized", "forbidden", "not_found", "conflict", "too_large", "unsupported_media",
		"rate_limited", "unavailable",
	}
	for k, name := range names {
		if got := clientele.Kind(k).String(); got != name {
			t.Errorf("kind %d is %q, want %q", k, got, name)
		}
	}
	if got := clientele.Kind(len(names)).String(); got != "kind(10)" {
		t.Errorf("a kind that there is not is %q", got)
	}
}

func TestKindOf(t *testing.T) {
	conflict := clientele.Errorf(clientele.KindConflict, "taken")
	for _, c := range []struct {
		err  error
		want clientele.Kind
	}{
		{nil, clientele.KindInternal},
		{io.EOF, clientele.KindInternal},
		{context.Canceled, clientele.KindInternal},
		{conflict, clientele.KindConflict},
		{fmt.Errorf("upsert: %w", conflict), clientele.KindConflict},
		{errors.Join(io.EOF, conflict), clientele.KindConflict},
		{clientele.Unavailable("busy", conflict), clientele.KindUnavailable}, // the outer one counts
		{fmt.Errorf("commit: %w", clientele.Unavailable("busy", io.EOF)), clientele.KindUnavailable},
		{&clientele.Error{}, clientele.KindInternal},
	} {
		if got := clientele.KindOf(c.err); got != c.want {
			t.Errorf("KindOf(%v) = %s, want %s", c.err, got, c.want)
		}
	}
}

func TestError_TextAndCause(t *testing.T) {
	for _, c := range []struct {
		err  *clientele.Error
		want string
	}{
		{&clientele.Error{}, "internal"},
		{&clientele.Error{Kind: clientele.KindInvalid, Field: "email"}, "invalid email"},
		{clientele.Errorf(clientele.KindNotFound, "no customer %d", 7), "not_found: no customer 7"},
		{clientele.Unavailable("The disk is full", io.EOF), "unavailable: The disk is full: EOF"},
		{&clientele.Error{Kind: clientele.KindInvalid, Field: "ip", Message: "odd", Err: io.EOF}, "invalid ip: odd: EOF"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("text %q, want %q", got, c.want)
		}
		if errors.Is(c.err, io.EOF) != (c.err.Err != nil) {
			t.Errorf("%v: the cause is found: %t", c.err, c.err.Err == nil)
		}
	}
	if e := clientele.Unavailable("busy", nil); e.RetryAfter != time.Second {
		t.Errorf("try again in %v, want a second", e.RetryAfter)
	}
}

func TestResult_NamesOfLogsAndMetrics(t *testing.T) {
	for r, name := range map[clientele.Result]string{
		0: "", clientele.Created: "created", clientele.Updated: "updated", clientele.Unchanged: "unchanged",
		clientele.Missing: "missing", clientele.ExternalIDTaken: "external_id_taken",
		clientele.ExternalNumberTaken: "external_number_taken",
	} {
		if got := r.String(); got != name {
			t.Errorf("result %d is %q, want %q", r, got, name)
		}
	}
}

func TestCredential_Active(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	past, future := now.Add(-1), now.Add(1)
	for _, c := range []struct {
		expires, revoked time.Time
		want             bool
	}{
		{time.Time{}, time.Time{}, true},
		{future, time.Time{}, true},
		{now, time.Time{}, false},
		{past, time.Time{}, false},
		{time.Time{}, future, true},
		{time.Time{}, now, false},
		{time.Time{}, past, false},
		{future, past, false},
		{past, future, false},
	} {
		cred := clientele.Credential{ExpiresAt: c.expires, RevokedAt: c.revoked}
		if cred.Active(now) != c.want {
			t.Errorf("expires %v, revoked %v: active %t", c.expires, c.revoked, !c.want)
		}
	}
}

func TestCredential_HasScope(t *testing.T) {
	c := clientele.Credential{Scopes: []string{"customers", "customers:create"}}
	for scope, want := range map[string]bool{"customers": true, "customers:create": true, "customers:": false, "": false, "Customers": false} {
		if c.HasScope(scope) != want {
			t.Errorf("has %q: %t", scope, !want)
		}
	}
}

func TestHashSecret_DialectIsPartOfIt(t *testing.T) {
	seen := map[clientele.SecretHash]string{}
	for _, d := range append([]clientele.Dialect{""}, clientele.PartnerDialects...) {
		for _, secret := range []string{"", "secret", "Secret", ":secret", string(clientele.OPM)} {
			hash := clientele.HashSecret(d, secret)
			if other, taken := seen[hash]; taken {
				t.Errorf("%s and %s/%s have the same hash", other, d, secret)
			}
			seen[hash] = fmt.Sprint(d, "/", secret)
			if hash != clientele.HashSecret(d, secret) {
				t.Errorf("%s/%s has two hashes", d, secret)
			}
		}
	}
}

func TestRequestOf(t *testing.T) {
	if r := clientele.RequestOf(t.Context()); r == nil || r.ID != "" || r.Err != nil || r.Body != nil || r.CredentialID != 0 {
		t.Errorf("a context without a request has %+v", r)
	}
	want := &clientele.Request{ID: "r-1"}
	ctx, cancel := context.WithCancel(clientele.WithRequest(t.Context(), want))
	defer cancel()
	if got := clientele.RequestOf(ctx); got != want {
		t.Errorf("the context has %+v, want the request that was put in", got)
	}
}
