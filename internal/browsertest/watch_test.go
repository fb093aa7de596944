package browsertest

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// watch gathers what goes wrong in a page while it is used: errors and warnings of the console, exceptions that nobody
// caught, requests that fail, that are refused without being expected to, or that go to another origin, dialogs, and the
// issues that the developer tools list, breaches of the content security policy among them.
type watch struct {
	ctx context.Context // of the tab

	mu       sync.Mutex
	origins  []string // that may be asked, as in http://127.0.0.1:1234
	faults   []string
	expected []expectation
	// tolerated are beginnings of issues that are no faults on the pages at hand.
	tolerated []string
	pending   map[network.RequestID]pending // without an end yet, streams of events left out
	changed   chan struct{}                 // has room for one, and holds one after pending changed
}

// pending is a request and the document that it is for.
type pending struct {
	what   string
	loader cdp.LoaderID
}

// expectation is an answer of 400 or above that a test asks for.
type expectation struct {
	status int64
	path   string
}

// watchTab watches the tab of ctx from now on.
func watchTab(ctx context.Context, origin string) (*watch, error) {
	w := &watch{ctx: ctx, origins: []string{origin}, pending: map[network.RequestID]pending{}, changed: make(chan struct{}, 1)}
	if err := chromedp.Listen(ctx, w.see); err != nil {
		return nil, err
	}
	_, err := chromedp.Call(ctx, audits.Enable, struct{}{})
	return w, err
}

// see looks at one event. It runs in the loop of the tab and may not block.
func (w *watch) see(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			w.fault("console.%s: %s", e.Type, arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		what := d.Text
		if d.Exception != nil {
			what += " " + d.Exception.Description
		}
		w.fault("exception: %s at %s:%d", what, d.URL, d.LineNumber+1)
	case *log.EventEntryAdded:
		w.seeEntry(e.Entry)
	case *audits.EventIssueAdded:
		if text := issue(e.Issue); !slices.ContainsFunc(w.tolerated, func(t string) bool { return strings.HasPrefix(text, t) }) {
			w.fault("issue: %s", text)
		}
	case *cdppage.EventJavascriptDialogOpening:
		w.fault("dialog: %s %q", e.Type, e.Message)
		go w.dismiss() // the page stands still until then
	case *cdppage.EventFrameNavigated:
		if e.Frame.ParentID == "" { // of what the page before asked for, nothing more is told
			maps.DeleteFunc(w.pending, func(_ network.RequestID, p pending) bool { return p.loader != e.Frame.LoaderID })
		}
	case *inspector.EventTargetCrashed:
		w.fault("the page crashed")
	default:
		w.seeNetwork(event)
	}
}

// seeEntry looks at an entry of the browser's log. Those about requests say less than the events of the requests.
func (w *watch) seeEntry(e *log.Entry) {
	if e.Source == log.EntrySourceNetwork || e.Level != log.EntryLevelError && e.Level != log.EntryLevelWarning {
		return
	}
	w.fault("log, %s: %s (%s)", e.Source, e.Text, e.URL)
}

func (w *watch) seeNetwork(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !w.isOurs(e.Request.URL) {
			w.fault("a request to another origin: %s %s", e.Request.Method, e.Request.URL)
		}
		if e.RedirectResponse != nil {
			w.seeResponse(e.RedirectResponse)
		}
		if e.Type != network.ResourceTypeEventSource && e.Type != network.ResourceTypeOther { // the icon, which nobody waits for
			w.pending[e.RequestID] = pending{e.Request.Method + " " + e.Request.URL, e.LoaderID}
		}
	case *network.EventResponseReceived:
		w.seeResponse(e.Response)
	case *network.EventLoadingFinished:
		w.ended(e.RequestID)
	case *network.EventLoadingFailed:
		if !e.Canceled { // what the page or a navigation gave up
			w.fault("a failed request: %s %s %s %s", w.pending[e.RequestID].what, e.Type, e.ErrorText, e.BlockedReason)
		}
		w.ended(e.RequestID)
	case *network.EventWebSocketCreated:
		w.fault("a web socket: %s", e.URL)
	}
}

func (w *watch) seeResponse(r *network.Response) {
	if r.Status < 400 {
		return
	}
	u, err := url.Parse(r.URL)
	if err == nil && slices.Contains(w.expected, expectation{r.Status, u.Path}) {
		return
	}
	w.fault("a refused request: %d %s", r.Status, r.URL)
}

func (w *watch) ended(id network.RequestID) {
	delete(w.pending, id)
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// isOurs is true for the origins under test and for what asks nobody.
func (w *watch) isOurs(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if slices.Contains([]string{"data", "blob", "about"}, u.Scheme) {
		return true
	}
	return slices.Contains(w.origins, u.Scheme+"://"+u.Host)
}

// trust makes requests to one more origin no fault.
func (w *watch) trust(origin string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.origins = append(w.origins, origin)
}

func (w *watch) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *watch) dismiss() {
	no := cdppage.HandleJavaScriptDialogParams{Accept: false}
	_, _ = chromedp.Call(w.ctx, cdppage.HandleJavaScriptDialog, no) // the fault is written down already
}

// settle waits until no request is under way, streams of events left out.
func (w *watch) settle(ctx context.Context) error {
	for {
		w.mu.Lock()
		var open []string
		for _, p := range w.pending {
			open = append(open, p.what)
		}
		w.mu.Unlock()
		if len(open) == 0 {
			return nil
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			return fmt.Errorf("requests do not end: %v", open)
		}
	}
}

// take returns the faults so far and forgets them.
func (w *watch) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.faults
	w.faults = nil
	return list
}

func (w *watch) expect(status int64, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected = append(w.expected, expectation{status, path})
}

// tolerate makes issues that begin so no faults from now on, instead of those that it named before.
func (w *watch) tolerate(issues ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tolerated = issues
}

func arguments(list []*runtime.RemoteObject) string {
	var words []string
	for _, o := range list {
		if o.Description != "" {
			words = append(words, o.Description)
		} else {
			words = append(words, string(o.Value))
		}
	}
	return strings.Join(words, " ")
}

// issue says what an issue of the developer tools is about.
func issue(i *audits.InspectorIssue) string {
	s := string(i.Code)
	if d := i.Details; d != nil {
		switch {
		case d.ContentSecurityPolicyIssueDetails != nil:
			p := d.ContentSecurityPolicyIssueDetails
			s += fmt.Sprintf(": %s %s %s", p.ContentSecurityPolicyViolationType, p.ViolatedDirective, p.BlockedURL)
		case d.GenericIssueDetails != nil:
			g := d.GenericIssueDetails
			s += fmt.Sprintf(": %s %s", g.ErrorType, g.ViolatingNodeAttribute)
		case d.CookieIssueDetails != nil:
			s += fmt.Sprintf(": %v %v", d.CookieIssueDetails.CookieExclusionReasons, d.CookieIssueDetails.CookieWarningReasons)
		}
	}
	return s
}
