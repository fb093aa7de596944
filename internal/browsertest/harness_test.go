package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// good is a page without a fault, as strict as the console's.
const good = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Good</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head>
<body><main><h1>Good</h1><form><label>Name <input name="name" autocomplete="off"></label><button>Save it</button></form>%s</main></body></html>`

// pages serves a good page with something in it, at /, under the policy that the console has.
func pages(t *testing.T, inside string) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' http://stranger.example; form-action 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, good, inside)
	})
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) {
		script, found := scripts[strings.TrimSuffix(r.PathValue("name"), ".js")]
		if !found {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, script)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// scripts are what a page may load, each with a fault.
var scripts = map[string]string{
	"error":     `console.error('it', 42)`,
	"warning":   `console.warn('careful')`,
	"exception": `null.nothing`,
	"rejection": `Promise.reject(new Error('nobody cares'))`,
	"dialog":    `alert('pwned')`,
	"stranger":  `fetch('http://stranger.example/').catch(() => {})`,
	"missing":   `fetch('/nothing')`,
	"late":      `setTimeout(() => document.querySelector('h1').textContent = 'Later', 50)`,
	"cookie":    `document.cookie = 'a=b'; document.title = document.cookie`,
}

func scripted(name string) string { return fmt.Sprintf(`<script src="/%s.js"></script>`, name) }

func TestPage_SeesEachFault(t *testing.T) {
	for _, c := range []struct{ name, inside, want string }{
		{"none", ``, ``},
		{"error", scripted("error"), `console.error: "it" 42`},
		{"warning", scripted("warning"), `console.warning: "careful"`},
		{"exception", scripted("exception"), `exception: Uncaught TypeError`},
		{"rejection", scripted("rejection"), `nobody cares`},
		{"dialog", scripted("dialog"), `dialog: alert "pwned"`},
		{"another origin", scripted("stranger"), `a request to another origin: GET http://stranger.example/`},
		{"an answer of 404", scripted("missing"), `a refused request: 404 http`},
		{"a script in the page", `<script>1</script>`, `ContentSecurityPolicyIssue: kInlineViolation script-src-elem`},
		{"a handler in the page", `<img src="data:," alt="" onerror="1">`, `ContentSecurityPolicyIssue: kInlineViolation script-src-attr`},
		{"a style in the page", `<p style="color: red">x</p>`, `ContentSecurityPolicyIssue: kInlineViolation style-src-attr`},
		{"a picture of another origin", `<img alt="" src="http://stranger.example/x.png">`, `ContentSecurityPolicyIssue: kURLViolation img-src`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPage(t, pages(t, c.inside), look{1440, light})
			p.Open("/")
			got := strings.Join(p.faults(), "\n")
			if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("the faults are\n%s\nwant %q", got, c.want)
			}
		})
	}
}

func TestPage_ExpectsWhatItIsTold(t *testing.T) {
	p := newPage(t, pages(t, scripted("missing")), look{1440, light})
	p.Expect(404, "/nothing")
	p.Open("/")
	p.NoFaults()
	p.Expect(404, "/favicon.ico") // which a page without a word about its icon asks for
	p.Expect(410, "/absent")
	p.Open("/absent")
	if got := p.faults(); len(got) != 1 {
		t.Errorf("404 where 410 was expected: the faults are %q, want one", got)
	}
}

func TestPage_SeesWhatIsNotAccessible(t *testing.T) {
	for _, c := range []struct{ name, inside, want string }{
		{"none", ``, ``},
		{"no label", `<input name="x">`, `label (critical)`},
		{"no text instead of a picture", `<img src="data:,">`, `image-alt (critical)`},
		{"a heading left out", `<h4>Deep</h4>`, `heading-order (moderate)`},
		{"a small target", `<a href="/a">.</a><a href="/b">.</a>`, `target-size (serious)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPage(t, pages(t, c.inside), look{360, dark})
			p.Open("/")
			p.watch.take()
			got := strings.Join(p.violations(), "\n")
			if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("axe finds\n%s\nwant %q", got, c.want)
			}
			p.NoFaults() // axe itself breaks no rule of the page
		})
	}
}

func TestPage_SeesWhatIsTooWide(t *testing.T) {
	p := newPage(t, pages(t, "<pre>"+strings.Repeat("wide ", 22)+"</pre>"), looks[0]) // 110 letters, each about 8 px wide
	for _, l := range looks {
		p.Look(l)
		p.Open("/")
		if got, want := p.overflow() != "", l.width < 900; got != want {
			t.Errorf("%s: it is too wide: %t, want %t", l, got, want)
		}
	}
}

func TestPage_IsUsedAsAPersonDoes(t *testing.T) {
	p := newPage(t, pages(t, scripted("late")), look{360, light})
	p.Open("/")
	p.WaitText("later")
	p.Fill(field("Name"), "Ada & Ben")
	p.Fill(field("Name"), "Ada")
	p.Follow(button("Save it"))
	if got := p.Path(); got != "/?name=Ada" {
		t.Errorf("the form led to %s", got)
	}
	p.Fill(field("Name"), "")
	if got := p.Text(field("Name")); got != "" {
		t.Errorf("the emptied field has %q", got)
	}
	p.NoFaults()
	for _, w := range []thing{button("Save"), link("Save it"), css("main, h1"), field("Name").in("h1")} {
		if _, err := find(p.ctx, w); err == nil {
			t.Errorf("%s is found", w)
		}
	}
	p.Open("/?again")
	p.try("hide", func(ctx context.Context) error {
		_, err := evaluate[int](ctx, `document.querySelector('button').disabled = true, 1`)
		return err
	})
	if err := click(p.ctx, button("Save it")); err == nil || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("a disabled button is clicked: %v", err)
	}
}

func TestPage_HasCookiesOfItsOwn(t *testing.T) {
	origin := pages(t, scripted("cookie"))
	first, second := newPage(t, origin, look{1440, light}), newPage(t, pages(t, ``), look{1440, light})
	first.Open("/")
	second.Open("/")
	second.Wait("there is no cookie", `document.cookie === ''`)
	first.Wait("there is a cookie", `document.cookie === 'a=b'`)
}
