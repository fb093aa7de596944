package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tour visits pages, one of each kind, along the links that a person would click, and does something on each.
type tour struct {
	p *page
	// kinds has the kinds of the pages that were visited, in order, and seen those that are known.
	kinds []string
	seen  map[string]bool
	// downloads are the links that lead to no page.
	downloads []string
	// forms has an action of each kind of form that changes something, by the kind.
	forms map[string]string
	open  []string
	// without is the beginning of the paths that are left out, when not "".
	without string
}

// maxKinds bounds a tour: more kinds of pages than this means that kindOf tells pages apart that are of one kind.
const maxKinds = 80

var identifier = regexp.MustCompile(`/([0-9]+|[0-9a-f-]{20,})(/|$)`)

// isFile finds what a browser shows as it is: it is no page of ours.
var isFile = regexp.MustCompile(`\.(json|ndjson|csv|txt)$`)

// kindOf returns what pages of one kind have in common: the path without its numbers, and whether a query narrows it down.
func kindOf(u *url.URL) string {
	path := identifier.ReplaceAllString(identifier.ReplaceAllString(u.Path, "/N$2"), "/N$2")
	for _, values := range u.Query() {
		if strings.Join(values, "") != "" {
			return path + "?"
		}
	}
	return path
}

// links returns the addresses that the page links to, and whether each is a file to keep.
const links = `[...document.querySelectorAll('a[href]')].map(a => (a.hasAttribute('download') ? 'download ' : 'page ') + a.href)`

// forms returns the addresses of the forms that change something.
const forms = `[...document.querySelectorAll('form[method=post i]')].map(f => f.action || location.href)`

// takeAll visits everything that can be reached from the addresses, and calls look on each page.
func (p *page) takeAll(look func(kind string), from ...string) *tour {
	p.t.Helper()
	return (&tour{p: p}).take(look, from...)
}

// takeConsole does so without the API reference, which is the same for everybody and takes its time.
func (p *page) takeConsole(look func(kind string)) *tour {
	p.t.Helper()
	return (&tour{p: p, without: "/docs/"}).take(look, "/console/")
}

func (t *tour) take(look func(kind string), from ...string) *tour {
	p := t.p
	p.t.Helper()
	t.seen, t.forms = map[string]bool{}, map[string]string{}
	for _, path := range from {
		t.note("page " + p.origin + path)
	}
	for len(t.open) > 0 {
		path := t.open[0]
		t.open = t.open[1:]
		t.visit(path, look)
		if len(t.kinds) > maxKinds {
			p.t.Fatalf("the tour does not end: %q", t.kinds)
		}
	}
	return t
}

func (t *tour) visit(path string, look func(kind string)) {
	t.p.t.Helper()
	t.p.watch.tolerate(toleratedAt(path)...)
	t.p.Open(path)
	u, err := url.Parse(path)
	if err != nil {
		t.p.t.Fatal(err)
	}
	if is := t.p.contentType(); is != "text/html" {
		t.p.t.Errorf("%s is no page but %s", path, is)
		return
	}
	t.kinds = append(t.kinds, kindOf(u))
	t.p.try("links", func(ctx context.Context) error {
		found, err := evaluate[[]string](ctx, links)
		for _, link := range found {
			t.note(link)
		}
		return err
	})
	t.p.try("forms", func(ctx context.Context) error {
		found, err := evaluate[[]string](ctx, forms)
		for _, action := range found {
			if u, err := url.Parse(action); err == nil {
				t.forms[kindOf(u)] = u.RequestURI()
			}
		}
		return err
	})
	look(kindOf(u))
}

// contentType returns what the browser takes the page for.
func (p *page) contentType() (is string) {
	p.t.Helper()
	p.try("content type", func(ctx context.Context) (err error) {
		is, err = evaluate[string](ctx, `document.contentType`)
		return err
	})
	return is
}

// toleratedAt returns what the reference's own script is forgiven: it asks whether it may evaluate text, catches the refusal
// and does without; and its labels, which axe-core accepts, are none in the eyes of the developer tools.
func toleratedAt(path string) []string {
	if !strings.HasPrefix(path, "/docs/") {
		return nil
	}
	return []string{"ContentSecurityPolicyIssue: kEvalViolation script-src", "GenericIssue: FormLabel"}
}

// note plans the visit of a page of a kind that was not seen before.
func (t *tour) note(link string) {
	how, address, _ := strings.Cut(link, " ")
	u, err := url.Parse(address)
	if err != nil || u.Scheme+"://"+u.Host != t.p.origin {
		t.p.t.Errorf("%s links to %s", t.p.Path(), address)
		return
	}
	kind := kindOf(u)
	if t.seen[kind] || t.without != "" && strings.HasPrefix(u.Path, t.without) {
		return
	}
	t.seen[kind] = true
	if how == "download" || isFile.MatchString(u.Path) {
		t.downloads = append(t.downloads, u.RequestURI())
		return
	}
	t.open = append(t.open, u.RequestURI())
}

// wants fails the test unless the tour visited pages of the kinds.
func (t *tour) wants(kinds ...string) {
	t.p.t.Helper()
	for _, kind := range kinds {
		if !slices.Contains(t.kinds, kind) {
			t.p.t.Errorf("no link leads to %s: the tour visited\n%s", kind, strings.Join(t.kinds, "\n"))
		}
	}
}

// wantsDownloads loads what the pages offer to keep, as the page itself would, and looks at the status alone.
func (t *tour) wantsDownloads() {
	t.p.t.Helper()
	for _, path := range t.downloads {
		t.p.try("download "+path, func(ctx context.Context) error {
			got, err := evaluate[string](ctx, fmt.Sprintf(
				`fetch(%s).then(async r => r.status + ' ' + ((await r.text()).length > 0))`, quote(path)))
			if err == nil && got != "200 true" {
				err = fmt.Errorf("the status and whether there is anything: %s", got)
			}
			return err
		})
	}
}

// demo serves the demo's book, made up the same way every time, with an owner who is logged in.
func demo(t *testing.T, l look) (*server, *page) {
	t.Helper()
	b := &book{t, []string{"CLIENTELE_DATA_DIR=" + t.TempDir() + "/data-demo"}}
	s := b.serve("--demo")
	return s, logIn(t, s, "owner", l)
}

// TestTour_EveryPage looks at every page in both colour schemes and at all widths.
func TestTour_EveryPage(t *testing.T) {
	t.Parallel()
	_, p := demo(t, looks[0])
	p.Expect(404, "/console/nothing-here")
	visited := p.takeAll(func(string) {
		p.NoFaults()
		p.try("unfold", func(ctx context.Context) error {
			_, err := evaluate[int](ctx, `document.querySelectorAll('main details').forEach(d => { d.open = true; }), 1`)
			return err
		})
		p.Accessible()
		p.NoOverflow()
		p.Look(look{768, light})
		p.NoOverflow()
		p.Look(look{360, dark})
		p.NoOverflow()
		p.Accessible()
		p.NoFaults()
		p.Look(looks[0])
	}, "/console/", "/console/nothing-here")
	t.Logf("visited %q, downloads %q, forms %q", visited.kinds, visited.downloads, visited.forms)
	visited.wants("/console/", "/console/operators", "/console/audit", "/console/account/password")
	visited.wantsDownloads()
	p.NoFaults()
}

// TestTour_ViewerIsLedNowhereForbidden visits what is linked to for a viewer: nothing of it is refused.
func TestTour_ViewerIsLedNowhereForbidden(t *testing.T) {
	t.Parallel()
	b := &book{t, []string{"CLIENTELE_DATA_DIR=" + t.TempDir() + "/data-demo"}}
	p := logIn(t, b.serve("--demo"), "viewer", look{768, dark})
	visited := p.takeConsole(func(string) { p.NoFaults() })
	visited.wants("/console/", "/console/account/password")
	for kind := range visited.forms {
		if kind != "/console/logout" && kind != "/console/account/password" {
			t.Errorf("a viewer is offered the form %s", kind)
		}
	}
	visited.wantsDownloads()
	p.NoFaults()
}

// TestTour_EmptyBook visits the pages of a book with nothing in it yet.
func TestTour_EmptyBook(t *testing.T) {
	t.Parallel()
	b := postgresBook(t)
	p := logIn(t, b.serve(), "owner", look{360, light})
	p.takeConsole(func(string) { p.check() })
	b.run("project", "create", "shop")
	p.Look(look{1440, dark})
	p.takeConsole(func(string) { p.check() })
}
