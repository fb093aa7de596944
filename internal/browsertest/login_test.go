package browsertest

import (
	"context"
	"net/url"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// password is what the operators of the tests choose.
const password = "correct horse battery staple"

var oneTimePassword = regexp.MustCompile(`"password":\s*"([^"]+)"`)

// operator makes an operator and returns the one-time password.
func (b *book) operator(email, role string) string {
	b.t.Helper()
	out := b.run("operator", "create", email, "--role", role, "--json")
	found := oneTimePassword.FindStringSubmatch(out)
	if found == nil {
		b.t.Fatalf("operator create shows no password: %s", out)
	}
	return found[1]
}

// enter fills in the login form and sends it.
func (p *page) enter(email, secret string) {
	p.t.Helper()
	p.Fill(field("E-mail address"), email)
	p.Fill(field("Password"), secret)
	p.Follow(button("Log in"))
}

// choosePassword changes the one-time password on the page that asks for it.
func (p *page) choosePassword(old string) {
	p.t.Helper()
	p.Fill(field("Present password"), old)
	p.Fill(field("New password"), password)
	p.Fill(field("New password again"), password)
	p.Follow(button("Change password"))
}

// logIn makes an operator of the role and logs in as it.
func logIn(t testing.TB, s *server, role string, l look) *page {
	t.Helper()
	email := role + "@example.com"
	secret := s.operator(email, role)
	p := newPage(t, s.url, l)
	p.Open("/console/")
	p.enter(email, secret)
	p.choosePassword(secret)
	p.WaitText("Your password was changed")
	return p
}

// check looks at the page that is open with all that looks at pages by itself.
func (p *page) check() {
	p.t.Helper()
	p.NoFaults()
	p.NoOverflow()
	p.Accessible()
}

// openMenu opens the menu of the operator's account.
func (p *page) openMenu(email string) {
	p.t.Helper()
	p.Click(css(`summary[aria-label="Account of ` + email + `"]`))
}

func TestLogin(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s *server, l look) {
		secret := s.operator("ada@example.com", "owner")
		p := newPage(t, s.url, l)
		p.Open("/console/operators")
		p.check()

		p.Expect(401, "/console/login")
		p.enter("ada@example.com", "a wrong one")
		p.WaitText("The e-mail address or the password is wrong")
		p.check()

		p.enter("ada@example.com", secret)
		p.WaitText("Choose one of your own")
		p.check()
		p.Open("/console/audit") // nothing else is open before
		if got := p.Path(); got != "/console/account/password" {
			t.Errorf("with a one-time password, the audit log leads to %s", got)
		}
		p.Expect(422, "/console/account/password")
		p.Fill(field("Present password"), secret)
		p.Fill(field("New password"), "another word")
		p.Fill(field("New password again"), "and another")
		p.Follow(button("Change password"))
		p.WaitText("not the same as the new password")
		p.check()
		p.choosePassword(secret)
		p.WaitText("Your password was changed")
		p.check()

		p.openMenu("ada@example.com")
		p.check()
		p.Follow(button("Log out"))
		if got := p.Path(); got != "/console/login" {
			t.Errorf("the way out leads to %s", got)
		}
		p.enter("ada@example.com", secret)
		p.WaitText("The e-mail address or the password is wrong") // it worked once
		p.enter("ada@example.com", password)
		p.WaitText("Overview")
		p.NoFaults()
	})
}

func TestLogin_IsLockedAfterWrongTries(t *testing.T) {
	t.Parallel()
	s := sqliteBook(t).serve()
	secret := s.operator("ada@example.com", "viewer")
	p := newPage(t, s.url, look{768, dark})
	p.Expect(401, "/console/login")
	p.Expect(429, "/console/login")
	p.Open("/console/login")
	locked := func() bool {
		has, err := evaluate[bool](p.ctx, `document.body.innerText.includes('Too many tries')`)
		return err == nil && has
	}
	tries := 0
	for ; !locked() && tries < 20; tries++ {
		p.enter("ada@example.com", "a wrong one")
	}
	if tries < 3 || tries > 12 {
		t.Errorf("the operator is locked out after %d wrong tries", tries)
	}
	p.check()
	p.enter("ada@example.com", secret)
	p.WaitText("Too many tries") // the right one does not help any more
	p.NoFaults()
}

func TestLogin_LeadsNowhereElse(t *testing.T) {
	t.Parallel()
	b := sqliteBook(t)
	b.run("project", "create", "shop") // the overview of a book without one leads to where one is made
	p := logIn(t, b.serve(), "owner", looks[0])
	for _, next := range []string{
		"//evil.example/console/", "https://evil.example/", `/\evil.example/`, "javascript:alert(1)", "/console//evil.example",
		"/console/../../evil.example", "/console/\t//evil.example", "/console/login?next=//evil.example",
	} {
		login := "/console/login?next=" + url.QueryEscape(next)
		p.Open(login) // already logged in
		if got := p.Path(); got != "/console/" {
			t.Errorf("next=%q leads to %s when already logged in", next, got)
		}
		p.forget()
		p.Open(login)
		p.enter("owner@example.com", password)
		if got := p.Path(); got != "/console/" {
			t.Errorf("next=%q leads to %s", next, got)
		}
		p.NoFaults()
	}
	p.forget()
	p.Open("/console/audit?operator=1")
	p.enter("owner@example.com", password)
	if got := p.Path(); got != "/console/audit?operator=1" {
		t.Errorf("the login leads to %s, not to where one wanted to go", got)
	}
	p.NoFaults()
}

// forget makes the browser forget its cookies.
func (p *page) forget() {
	p.t.Helper()
	p.try("forget", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.ClearBrowserCookies, struct{}{})
		return err
	})
}
