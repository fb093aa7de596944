package browsertest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what must come, on a busy machine.
const patience = 20 * time.Second

// scheme is the colour scheme that a person's system prefers.
type scheme string

const (
	light scheme = "light"
	dark  scheme = "dark"
)

// look is how a person looks at a page: the width of the window in CSS pixels, and the colour scheme.
type look struct {
	width  int64
	scheme scheme
}

func (l look) String() string { return fmt.Sprintf("%s, %d px", l.scheme, l.width) }

// isPhone is true where the browser behaves as on a phone: the page's viewport declaration counts.
func (l look) isPhone() bool { return l.width < 600 }

func (l look) height() int64 { return max(720, min(900, l.width*5/8)) }

// looks are how each page is looked at.
var looks = []look{{1440, light}, {1440, dark}, {768, light}, {360, light}, {360, dark}}

// page is a tab of the browser, and the person before it: each has cookies of its own.
type page struct {
	t      testing.TB
	ctx    context.Context
	origin string
	look   look
	watch  *watch
}

// newPage opens a tab for the server at origin (as in http://127.0.0.1:1234). The test's end closes it, and fails when
// something went wrong in it that the test did not ask for.
func newPage(t testing.TB, origin string, l look) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	w, err := watchTab(ctx, origin)
	if err != nil {
		t.Fatalf("watch a tab: %v", err)
	}
	p := &page{t: t, ctx: ctx, origin: origin, watch: w}
	p.try("focus", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	})
	p.Look(l)
	return p
}

// Look changes how the person looks at the page.
func (p *page) Look(l look) {
	p.t.Helper()
	p.look = l
	metrics := emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height(), DeviceScaleFactor: 1, Mobile: l.isPhone()}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: string(l.scheme)},
		{Name: "prefers-reduced-motion", Value: "reduce"}, // nothing moves while it is looked at
	}}
	p.try("look", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, metrics)
		_, err2 := chromedp.Call(ctx, emulation.SetEmulatedMedia, media)
		return errors.Join(err, err2)
	})
}

// try does something once, within the test's patience.
func (p *page) try(what string, do func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := do(ctx); err != nil {
		p.t.Fatalf("%s: %v\n%s", what, err, p.describe())
	}
}

// until tries something again and again until it works.
func (p *page) until(what string, do func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	var last error
	for {
		err := do(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("waited %s in vain: %s: %v\n%s", patience, what, last, p.describe())
		case <-again.C:
		}
	}
}

// describe says where the person is and what there is to read, for a test that fails.
func (p *page) describe() string {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	s, err := evaluate[string](ctx, `location.href + '\n' + document.body.innerText.slice(0, 2000)`)
	if err != nil {
		return err.Error()
	}
	return s + "\nfaults: " + strings.Join(p.watch.take(), "\n")
}

// Open goes to an address below the origin, and waits until the page has loaded.
func (p *page) Open(path string) {
	p.t.Helper()
	p.try("open "+path, func(ctx context.Context) error { return navigate(ctx, p.origin+path) })
}

func navigate(ctx context.Context, address string) error {
	return chromedp.Do(ctx, chromedp.Navigate(address))
}

// Click clicks the thing as soon as it can be clicked.
func (p *page) Click(w thing) {
	p.t.Helper()
	p.until("click "+w.String(), func(ctx context.Context) error { return click(ctx, w) })
}

// Follow clicks the thing and waits until the page that it leads to has loaded.
func (p *page) Follow(w thing) {
	p.t.Helper()
	p.WaitFor(w)
	p.try("follow "+w.String(), func(ctx context.Context) error {
		_, err := chromedp.Run(ctx, chromedp.WaitEvent(cdppage.LoadEventFired, nil,
			chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error { return click(ctx, w) })))
		return err
	})
}

// Fill puts the value into the field, in place of what stands there; it chooses it where there is something to choose.
func (p *page) Fill(w thing, value string) {
	p.t.Helper()
	p.until("fill "+w.String(), func(ctx context.Context) error { return fill(ctx, w, value) })
}

// WaitFor waits until the thing is there.
func (p *page) WaitFor(w thing) {
	p.t.Helper()
	p.until(w.String(), func(ctx context.Context) error { _, err := find(ctx, w); return err })
}

// WaitText waits until the text is to be read on the page, in whatever case and however its lines are broken.
func (p *page) WaitText(text string) {
	p.t.Helper()
	p.Wait(fmt.Sprintf("%q is to be read", text), fmt.Sprintf(
		`document.body.innerText.replace(/\s+/g, ' ').toLowerCase().includes(%s)`, quote(strings.ToLower(text))))
}

// Wait waits until the expression is true: it looks when something on the page changes.
func (p *page) Wait(what, expression string) {
	p.t.Helper()
	p.until(what, func(ctx context.Context) error {
		_, err := evaluate[bool](ctx, fmt.Sprintf(`new Promise(resolve => {
			const look = () => { if (!(%s)) return false; observer.disconnect(); resolve(true); return true; };
			const observer = new MutationObserver(look);
			if (!look()) observer.observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
		})`, expression))
		return err
	})
}

// Text returns what is to be read in the thing.
func (p *page) Text(w thing) (s string) {
	p.t.Helper()
	p.until("read "+w.String(), func(ctx context.Context) error {
		id, err := find(ctx, w)
		if err != nil {
			return err
		}
		s, err = call[string](ctx, id, `function () { return this.value ?? this.innerText; }`)
		return err
	})
	return s
}

// Path returns where the person is, with the query.
func (p *page) Path() string {
	p.t.Helper()
	var location string
	p.try("location", func(ctx context.Context) (err error) {
		location, err = evaluate[string](ctx, `location.href`)
		return err
	})
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, p.origin+"/") {
		p.t.Fatalf("the page is at %s, not at %s", location, p.origin)
	}
	return u.RequestURI()
}

// Expect says that the server answers a request for the path with the status, 400 or above, and that this is no fault.
func (p *page) Expect(status int64, path string) { p.watch.expect(status, path) }

// NoFaults waits until the page is at rest and fails the test when something went wrong in it since it was last asked.
func (p *page) NoFaults() {
	p.t.Helper()
	for _, fault := range p.faults() {
		p.t.Errorf("%s (%s): %s", p.Path(), p.look, fault)
	}
}

func (p *page) faults() []string {
	p.t.Helper()
	p.try("settle", p.watch.settle)
	p.try("rest", func(ctx context.Context) error { // what the page did until here is reported before this is answered
		_, err := evaluate[bool](ctx, rest)
		return err
	})
	return p.watch.take()
}

// rest is kept when the page does not change any more: its fonts are there, the reference is loaded, nothing moves.
const rest = `(async () => {
	await document.fonts.ready;
	const loading = () => document.querySelector('#reference') && !document.documentElement.classList.contains('loaded');
	while (loading()) await new Promise(requestAnimationFrame);
	await new Promise(requestAnimationFrame);
	const moves = document.getAnimations().filter(a => a.effect?.getComputedTiming().endTime < Infinity);
	await Promise.allSettled(moves.map(a => a.finished));
	return true;
})()`

// NoOverflow fails the test when the page is wider than the window.
func (p *page) NoOverflow() {
	p.t.Helper()
	if wide := p.overflow(); wide != "" {
		p.t.Errorf("%s (%s) is wider than the window: %s", p.Path(), p.look, wide)
	}
}

// overflow returns what sticks out of the window to the right, or "".
func (p *page) overflow() (wide string) {
	p.t.Helper()
	p.try("overflow", func(ctx context.Context) (err error) {
		wide, err = evaluate[string](ctx, fmt.Sprintf(`(() => {
			const width = %d, page = document.documentElement;
			if (page.scrollWidth <= width && innerWidth <= width) return '';
			const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 0.5);
			return page.scrollWidth + ' px: ' + out.slice(-3).map(e => e.outerHTML.slice(0, 100)).join(' … ');
		})()`, p.look.width))
		return err
	})
	return wide
}
