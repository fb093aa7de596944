package console

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestLogin_OpensASessionAndLogsOut(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.browser(t)
		b.get(root).goesTo(loginPath + "?next=%2Fconsole%2F")
		b = f.as(t, viewer)
		b.get(root).want(http.StatusOK).has("<h1>Overview</h1>", b.email)
		b.post(logoutPath).goesTo(loginPath)
		b.get(root).goesTo(loginPath + "?next=%2Fconsole%2F")
		owner := f.as(t, owner)
		owner.get("/console/audit").want(http.StatusOK).has("login", "logout", b.email)
	})
}

func TestLogin_OneTimePasswordHasToBeChanged(t *testing.T) {
	f := newFixture(t)
	b := f.browser(t)
	b.email = "owner@example.com"
	_, once, err := f.Operators.Create(t.Context(), b.email, owner)
	check(t, err)
	b.login(once)
	for _, path := range []string{root, "/console/operators", "/console/audit"} {
		b.get(path).goesTo(passwordPath)
	}
	b.post("/console/operators", "email", "friend@example.com", "role", "owner").goesTo(passwordPath)
	for _, c := range []struct{ fresh, repeat, problem string }{
		{"a harbour full of boats", "another", "not the same"},
		{"short", "short", "12 to 128"},
	} {
		b.post(passwordPath, "old", once, "new", c.fresh, "repeat", c.repeat).want(http.StatusUnprocessableEntity).has(c.problem)
	}
	b.post(passwordPath, "old", "wrong", "new", "a harbour full of boats", "repeat", "a harbour full of boats").
		want(http.StatusUnprocessableEntity).has("password is wrong")
	b.post(passwordPath, "old", once, "new", "a harbour full of boats", "repeat", "a harbour full of boats").goesTo(root)
	b.get(root).want(http.StatusOK).has("Your password was changed")
	b.get("/console/audit").want(http.StatusOK).has("password.change")
	b.get(root).want(http.StatusOK).lacks("Your password was changed")
}

func TestLogin_RefusesAndLocks(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	other := f.browser(t)
	unknown := other.post(loginPath, "email", "nobody@example.com", "password", "x").want(http.StatusUnauthorized)
	for range 5 {
		wrong := other.post(loginPath, "email", b.email, "password", "x").want(http.StatusUnauthorized)
		if strings.ReplaceAll(wrong.body, b.email, "nobody@example.com") != unknown.body {
			t.Fatal("the page of a wrong password is not that of an unknown address")
		}
	}
	other.post(loginPath, "email", b.email, "password", b.password).want(http.StatusTooManyRequests).has("Too many tries")
	f.clock.move(2 * time.Minute)
	other.post(loginPath, "email", b.email, "password", b.password).goesTo(root)
}

func TestLogin_GoesOnlyToPagesOfTheConsole(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	for next, want := range map[string]string{
		"/console/p/1/customers?q=anna":  "/console/p/1/customers?q=anna",
		"https://evil.example/console/":  root,
		"//evil.example/console/":        root,
		"/\\evil.example/console/":       root,
		"/console//evil.example":         root,
		"/console/../evil":               root,
		"/console/\nLocation: /evil":     root,
		"javascript:alert(1)":            root,
		"/console/login?next=/console/x": root,
		"/entry":                         root,
		"":                               root,
	} {
		fresh := f.browser(t)
		fresh.post(loginPath, "email", b.email, "password", b.password, "next", next).goesTo(want)
		if got := fresh.get(loginPath + "?next=" + strings.ReplaceAll(want, "?", "%3F")); got.Header.Get("Location") != want {
			t.Errorf("who is logged in is sent to %q, want %q", got.Header.Get("Location"), want)
		}
	}
}

func TestSession_EndsWhenIdleOrTheOperatorIsChanged(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	for range 3 {
		f.clock.move(50 * time.Minute)
		b.get(root).want(http.StatusOK)
	}
	f.clock.move(61 * time.Minute)
	b.get(root).want(http.StatusSeeOther)

	again := func() { b.login(b.password).goesTo(root) }
	again()
	operators, err := f.Operators.List(t.Context())
	check(t, err)
	id := operators[0].ID
	check(t, f.Operators.Disable(t.Context(), id))
	b.get(root).want(http.StatusSeeOther)
	check(t, f.Operators.Enable(t.Context(), id))

	b.get(root).want(http.StatusOK)
	second := f.browser(t)
	second.email = b.email
	second.login(b.password)
	second.post(passwordPath, "old", b.password, "new", "quite another sentence", "repeat", "quite another sentence").goesTo(root)
	second.get(root).want(http.StatusOK)
	b.get(root).want(http.StatusSeeOther)
}

func TestSession_TokenIsRenewedAtLogin(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	first := b.login(b.password).Header.Get("Set-Cookie")
	second := b.login(b.password).Header.Get("Set-Cookie")
	for _, cookie := range []string{first, second} {
		for _, part := range []string{"clientele-loopback=", "HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("the cookie %q lacks %s", cookie, part)
			}
		}
	}
	if first == second {
		t.Error("the token stays the same")
	}
}

func TestSession_CookieElsewhereIsSecure(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, viewer)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+loginPath,
		strings.NewReader("email="+b.email+"&password="+strings.ReplaceAll(b.password, " ", "+")))
	check(t, err)
	req.Host = "partners.example.com"
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := b.do(req).want(http.StatusSeeOther).Header.Get("Set-Cookie")
	if !strings.HasPrefix(got, "__Host-clientele=") || !strings.Contains(got, "; Secure") {
		t.Errorf("the cookie is %q", got)
	}
	req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+loginPath, nil)
	check(t, err)
	req.Host = "partners.example.com"
	b.do(req).want(http.StatusOK).has("The console needs HTTPS")
}

func TestOperators_AreManagedByOwners(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	shown := b.post("/console/operators", "email", "Fresh@Example.com", "role", "editor").want(http.StatusOK).has("fresh@example.com")
	once := shown.body[strings.Index(shown.body, "<code>")+len("<code>"):]
	once = once[:strings.Index(once, "</code>")]
	fresh := f.browser(t)
	fresh.email = "fresh@example.com"
	fresh.login(once)
	b.post("/console/operators", "email", "fresh@example.com", "role", "editor").want(http.StatusUnprocessableEntity)
	b.post("/console/operators", "email", "nobody", "role", "editor").want(http.StatusUnprocessableEntity)
	b.post("/console/operators", "email", "x@example.com", "role", "emperor").want(http.StatusUnprocessableEntity)

	operators, err := f.Operators.List(t.Context())
	check(t, err)
	other := operators[1]
	path := string(operatorPath(other.ID))
	b.post(path, "do", "role", "role", "viewer").goesTo("/console/operators")
	b.post(path, "do", "disable").goesTo("/console/operators")
	fresh.get(passwordPath).want(http.StatusSeeOther)
	b.post(path, "do", "enable").goesTo("/console/operators")
	b.post(path, "do", "reset").want(http.StatusOK).has("One-time password")
	b.post(path, "do", "explode").want(http.StatusUnprocessableEntity)
	b.post(string(operatorPath(operators[0].ID)), "do", "disable").want(http.StatusUnprocessableEntity)
	b.post(string(operatorPath(operators[0].ID)), "do", "role", "role", "viewer").want(http.StatusConflict) // the last owner
	b.get("/console/operators").want(http.StatusOK).has("fresh@example.com", "one-time password", `data-confirm="Change the role of fresh@example.com?`)
	b.get("/console/audit").want(http.StatusOK).has(
		"operator.create", "operator.role", "operator.disable", "operator.enable", "operator.reset", operatorSubject(other.ID)).lacks(once)
	b.get("/console/audit?operator=999").want(http.StatusOK).has("Nothing was done yet")
}
