package access

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"clientele"
)

func TestCreate_OneTimePassword(t *testing.T) {
	o := newOffice(t)
	seen := map[string]bool{}
	for _, c := range []struct{ email, normal string }{
		{ada, ada},
		{" Bo.B+x@Example.COM ", "bo.b+x@example.com"},
		{"Żółw@Bücher.example", "żółw@xn--bcher-kva.example"},
	} {
		who, password, err := o.Create(t.Context(), c.email, clientele.RoleEditor)
		if err != nil {
			t.Fatalf("%q: %v", c.email, err)
		}
		if who.Email != c.normal || who.Role != clientele.RoleEditor || !who.PasswordIsOneTime || !who.CreatedAt.Equal(o.Now()) {
			t.Errorf("created %+v", who)
		}
		if !regexp.MustCompile(`^[0-9a-z]{5}(-[0-9a-z]{5}){3}$`).MatchString(password) || seen[password] {
			t.Errorf("the password %q cannot be read out, or was given before", password)
		}
		seen[password] = true
		got, err := o.Login(t.Context(), c.email, password)
		if err != nil || got.ID != who.ID || !got.PasswordIsOneTime {
			t.Errorf("login with the one-time password: %+v, %v", got, err)
		}
	}
	_, _, err := o.Create(t.Context(), "ADA@example.com", clientele.RoleViewer)
	wantOfKind(t, "a taken address", err, clientele.KindConflict, "")
}

func TestCreate_RefusesWhatIsNone(t *testing.T) {
	o := newOffice(t)
	for _, email := range []string{
		"", "ada", "ada@", "@example.com", "Ada <ada@example.com>", "a@example.com, b@example.com", "a b@example.com",
		"ada@exa mple.com", "ada@-example.com", "ada@example.com.", "ada@example..com", strings.Repeat("x", 65) + "@example.com",
		"ada@" + strings.Repeat("x", 64) + ".com", "ada@example.com\nBcc: b@example.com", "\"a\"@example.com", "a\xff@example.com",
	} {
		_, _, err := o.Create(t.Context(), email, clientele.RoleViewer)
		wantOfKind(t, email, err, clientele.KindInvalid, "email")
	}
	for _, role := range []clientele.Role{"", "admin", "Owner"} {
		_, _, err := o.Create(t.Context(), ada, role)
		wantOfKind(t, "role "+string(role), err, clientele.KindInvalid, "role")
	}
	if list, err := o.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("there are %v, %v", list, err)
	}
}

func TestChangePassword(t *testing.T) {
	o := newOffice(t)
	who := o.hire(t, ada, adasPassword, clientele.RoleOwner)
	const own = "żółw-żółw-12"
	for what, c := range map[string]struct{ old, replacement, field string }{
		"11 characters":              {adasPassword, "żółwżółw123", "new"},
		"129 characters":             {adasPassword, strings.Repeat("ż", 129), "new"},
		"the old one":                {adasPassword, adasPassword, "new"},
		"the e-mail":                 {adasPassword, "ADA@example.com", "new"},
		"not UTF-8":                  {adasPassword, "123456789012\xff", "new"},
		"wrong old one":              {"wrong horse battery", own, "old"},
		"wrong old, bad replacement": {"wrong horse battery", "short", "new"},
	} {
		err := o.ChangePassword(t.Context(), who.ID, c.old, c.replacement)
		wantOfKind(t, what, err, clientele.KindInvalid, c.field)
		wantSilent(t, err, c.old, c.replacement)
	}
	if _, err := o.Login(t.Context(), ada, adasPassword); err != nil {
		t.Fatalf("the password was changed by what was refused: %v", err)
	}
	for i, next := range []string{own, strings.Repeat("ż", 128)} {
		old := []string{adasPassword, own}[i]
		before, err := o.ByID(t.Context(), who.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.ChangePassword(t.Context(), who.ID, old, next); err != nil {
			t.Fatal(err)
		}
		_, err = o.Login(t.Context(), ada, old)
		wantRefused(t, "the old password", err)
		after, err := o.Login(t.Context(), ada, next)
		if err != nil || after.PasswordIsOneTime || PasswordMark(after) == PasswordMark(before) {
			t.Errorf("with the new password: %+v, %v", after, err)
		}
		if again, err := o.Login(t.Context(), ada, next); err != nil || PasswordMark(again) != PasswordMark(after) {
			t.Errorf("the mark of a password changes by itself (%v)", err)
		}
	}
	wantOfKind(t, "of nobody", o.ChangePassword(t.Context(), 99, adasPassword, own), clientele.KindNotFound, "")
}

// TestChangePassword_GuessingLocks: whoever found a session open cannot try passwords without end.
func TestChangePassword_GuessingLocks(t *testing.T) {
	o := newOffice(t)
	who := o.hire(t, ada, adasPassword, clientele.RoleOwner)
	for range 5 {
		err := o.ChangePassword(t.Context(), who.ID, "wrong horse battery", "another password")
		wantOfKind(t, "a guess", err, clientele.KindInvalid, "old")
	}
	err := o.ChangePassword(t.Context(), who.ID, adasPassword, "another password")
	wantOfKind(t, "after five", err, clientele.KindRateLimited, "")
	_, err = o.Login(t.Context(), ada, adasPassword)
	wantOfKind(t, "login", err, clientele.KindRateLimited, "")
}

// TestResetPassword_LetsInAgain: the old password ends, and a lock with it.
func TestResetPassword_LetsInAgain(t *testing.T) {
	o := newOffice(t)
	who := o.hire(t, ada, adasPassword, clientele.RoleOwner)
	for range 5 {
		_, err := o.Login(t.Context(), ada, "wrong")
		wantRefused(t, "a guess", err)
	}
	password, err := o.ResetPassword(t.Context(), who.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Login(t.Context(), ada, adasPassword)
	wantRefused(t, "the old password", err)
	if got, err := o.Login(t.Context(), ada, password); err != nil || !got.PasswordIsOneTime {
		t.Errorf("with the one-time password: %+v, %v", got, err)
	}
	_, err = o.ResetPassword(t.Context(), 99)
	wantOfKind(t, "of nobody", err, clientele.KindNotFound, "")
}

// TestDisable_IsOutAtTheNextRequest: and with the same password in again when enabled.
func TestDisable_IsOutAtTheNextRequest(t *testing.T) {
	o := newOffice(t)
	o.hire(t, ada, adasPassword, clientele.RoleOwner)
	bo := o.hire(t, "bo@example.com", adasPassword, clientele.RoleViewer)
	if got, err := o.ByID(t.Context(), bo.ID); err != nil || got.ID != bo.ID {
		t.Fatalf("ByID: %+v, %v", got, err)
	}
	if err := o.server(o.book).Disable(t.Context(), bo.ID); err != nil { // by another server
		t.Fatal(err)
	}
	_, err := o.ByID(t.Context(), bo.ID)
	wantOfKind(t, "disabled", err, clientele.KindUnauthorized, "")
	_, err = o.ByID(t.Context(), 99)
	wantOfKind(t, "unknown", err, clientele.KindUnauthorized, "")
	if got, err := o.ByEmail(t.Context(), "BO@example.com"); err != nil || got.DisabledAt.IsZero() {
		t.Errorf("ByEmail: %+v, %v", got, err)
	}
	if err := o.Enable(t.Context(), bo.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Login(t.Context(), "bo@example.com", adasPassword); err != nil {
		t.Errorf("enabled again: %v", err)
	}
}

func TestRoles_TheLastOwnerStays(t *testing.T) {
	o := newOffice(t)
	who := o.hire(t, ada, adasPassword, clientele.RoleOwner)
	wantOfKind(t, "demoted", o.SetRole(t.Context(), who.ID, clientele.RoleEditor), clientele.KindConflict, "")
	wantOfKind(t, "disabled", o.Disable(t.Context(), who.ID), clientele.KindConflict, "")
	wantOfKind(t, "no role", o.SetRole(t.Context(), who.ID, "admin"), clientele.KindInvalid, "role")
	bo := o.hire(t, "bo@example.com", adasPassword, clientele.RoleViewer)
	if err := o.SetRole(t.Context(), bo.ID, clientele.RoleOwner); err != nil {
		t.Fatal(err)
	}
	if err := o.SetRole(t.Context(), who.ID, clientele.RoleEditor); err != nil {
		t.Errorf("with another owner: %v", err)
	}
	list, err := o.List(t.Context())
	if err != nil || len(list) != 2 || list[0].Role != clientele.RoleEditor || list[1].Role != clientele.RoleOwner {
		t.Fatalf("list: %+v, %v", list, err)
	}
	for _, one := range list {
		if one.PasswordHash != "" {
			t.Error("the list shows a password's hash")
		}
	}
	_, err = o.ByEmail(t.Context(), "nobody")
	wantOfKind(t, "ByEmail of nobody", err, clientele.KindNotFound, "")
}

// TestLogin_WithArgon2: the whole way with real hashes, none of which holds the password.
func TestLogin_WithArgon2(t *testing.T) {
	o := newOffice(t)
	real := NewOperators(o.book, time.Now)
	who, password, err := real.Create(t.Context(), ada, clientele.RoleOwner)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(who.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(who.PasswordHash, password) {
		t.Errorf("the hash is %s", who.PasswordHash)
	}
	if _, err := real.Login(t.Context(), ada, password); err != nil {
		t.Error(err)
	}
	_, err = real.Login(t.Context(), ada, password+"x")
	wantRefused(t, "a wrong password", err)
	_, err = real.Login(t.Context(), "nobody@example.com", password)
	wantRefused(t, "an unknown address", err)
}
