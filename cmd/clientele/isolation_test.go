package main

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/faulttest"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// routesServed returns all routes of the program's main listener, by method and pattern.
func routesServed(t *testing.T) []string {
	t.Helper()
	c := &serveCommand{}
	var list []string
	r := c.route(furnish(&c.Serve, openBook(t, t.TempDir()), slog.New(slog.DiscardHandler), time.Now))
	if err := chi.Walk(r, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		list = append(list, method+" "+pattern)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// gateOf returns who may pass a route.
func gateOf(route string) (gate, bool) {
	g, ok := gates()[strings.Replace(route, "HEAD ", "GET ", 1)]
	return g, ok
}

// TestIsolation_EveryRouteHasAGate: a route that is added has to say who may pass it.
func TestIsolation_EveryRouteHasAGate(t *testing.T) {
	served := routesServed(t)
	for _, route := range served {
		if _, ok := gateOf(route); !ok {
			t.Errorf("%s is not in the table of gates: say who may pass it", route)
		}
	}
	for route := range gates() {
		if !slices.Contains(served, route) {
			t.Errorf("%s is in the table of gates, and not served", route)
		}
	}
}

// partnerRoutes are the routes that need a partner's credential; deleting comes last.
func partnerRoutes(t *testing.T) []string {
	var list []string
	for _, route := range routesServed(t) {
		if g, _ := gateOf(route); g.dialect != "" {
			list = append(list, route)
		}
	}
	return slices.SortedFunc(slices.Values(list), func(a, b string) int {
		return strings.Count(a, "/delete/") - strings.Count(b, "/delete/")
	})
}

// good returns the credential of a keyring for a dialect.
func (k keyring) good(d clientele.Dialect) credential {
	return credential{advertiser: k.advertiser, header: map[clientele.Dialect]http.Header{
		clientele.OPM:               {"X-Api-Key": {k.opm}},
		clientele.Onlinewerkrooster: {"Apikey": {k.owr}, "Customerkey": {k.customerKey}},
		clientele.DKHardware:        {"Authorization": {"Bearer " + k.dkh.token}},
	}[d]}
}

var leadLink = regexp.MustCompile(`href="/console/p/2/leads/([0-9]+)"`)

// TestIsolation tries every way into another project's data, each with a server that remembers no credential.
func TestIsolation(t *testing.T) {
	t.Parallel() // it waits for a credential to expire, and for many commands
	onEachBook(t, func(t *testing.T, b crashBook) {
		e := newEstate(t, b)
		w := e.spoil()
		e.s.stop()
		e.s = b.start("--allow-loopback-http", believeLoopback)
		e.owner = newOperator(t, b, e.s)
		e.objects["lead"] = leadLink.FindStringSubmatch(e.owner.get("/console/p/2/leads"))[1]
		t.Run("token endpoint", func(t *testing.T) { e.isolateTokens(t, w) })
		t.Run("console", func(t *testing.T) { e.isolateConsole(t) })
		t.Run("partners", func(t *testing.T) { e.isolatePartners(t, w) })
	})
}

// isolatePartners tries each route of each partner API with every wrong credential, with another project's, and with one
// that lacks the scope: each is refused as the documents say, and the other project stays as it is.
func (e *estate) isolatePartners(t *testing.T, w bad) {
	e.t = t
	count := faulttest.NewTally(t)
	before := e.owned()
	for _, route := range partnerRoutes(t) {
		g, _ := gateOf(route)
		for what, c := range e.wrong(g.dialect, w) {
			count.Try()
			if wrong := differs(route, e.call(route, g, c, e.objects), refused(g.dialect)); wrong != "" {
				count.Violation(t, "%s with a credential that is wrong (%s): %s", route, what, wrong)
			}
		}
		if g.scope != "" {
			count.Try()
			e.wantsScope(count, route, w.without[g.scope])
		}
		count.Try()
		e.wantsUnknown(count, route)
	}
	if diff := cmp.Diff(before, e.owned()); diff != "" {
		count.Violation(t, "the other project changed (-before +after):\n%s", diff)
	}
	for _, route := range partnerRoutes(t) { // or else the calls above might be refused for another reason
		g, _ := gateOf(route)
		a := e.call(route, g, e.other.good(g.dialect), e.objects)
		if a.status < 200 || a.status > 299 {
			t.Errorf("%s with the right credential: %d %s", route, a.status, a.body)
		}
	}
}

var traceID = regexp.MustCompile(`"traceId":"[^"]*"`)

// differs returns how an answer is not the one wanted; "" when it is. HEAD has no body.
func differs(route string, got, want answer) string {
	got.body = traceID.ReplaceAllString(got.body, `"traceId":"-"`)
	if strings.HasPrefix(route, "HEAD ") {
		want.body = ""
	}
	if got.status == want.status && got.body == want.body {
		return ""
	}
	return fmt.Sprintf("answer %d %s, want %d %s", got.status, got.body, want.status, want.body)
}

// wantsScope calls a route with a client that has every other scope.
func (e *estate) wantsScope(count *faulttest.Tally, route string, p *submitter) {
	e.t.Helper()
	g, _ := gateOf(route)
	a := e.call(route, g, keyring{dkh: p}.good(clientele.DKHardware), e.objects)
	wrong := differs(route, a, answer{status: http.StatusForbidden, body: `{"status":403,"title":"Forbidden.","traceId":"-"}`})
	if want := fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s"`, g.scope); wrong == "" && a.header.Get("WWW-Authenticate") != want {
		wrong = "WWW-Authenticate: " + a.header.Get("WWW-Authenticate")
	}
	if wrong != "" {
		count.Violation(e.t, "%s without %s: %s", route, g.scope, wrong)
	}
}

// wantsUnknown calls a route with a good credential of the project shop about the other project's objects, and about objects
// that nobody has: the answers are the same.
func (e *estate) wantsUnknown(count *faulttest.Tally, route string) {
	e.t.Helper()
	g, _ := gateOf(route)
	unknown := maps.Clone(e.objects)
	for _, name := range []string{"customerId", "submission", "subscriptionId", "action_uuid"} {
		unknown[name] = uuid.NewString()
	}
	unknown["customerId"] = "987654321"
	ask := func(objects map[string]string) string {
		a := e.call(route, g, e.shop.good(g.dialect), objects)
		if strings.Contains(a.body, foreignMark) {
			count.Violation(e.t, "%s shows another project's values: %s", route, a.body)
		}
		if a.status == http.StatusOK || a.status == http.StatusCreated || a.status == http.StatusAccepted {
			return "taken" // something of the own project; with ids of its own
		}
		body := traceID.ReplaceAllString(a.body, "")
		for _, id := range objects {
			if len(id) > 8 {
				body = strings.ReplaceAll(body, id, "ID")
			}
		}
		return fmt.Sprint(a.status, " ", body)
	}
	if foreign, never := ask(e.objects), ask(unknown); foreign != never {
		count.Violation(e.t, "%s about another project's object answers\n%s\nabout none\n%s", route, foreign, never)
	}
}

// owned is what the other project has, as its own partners see it.
func (e *estate) owned() map[string]string {
	e.t.Helper()
	all := map[string]string{}
	for _, route := range []string{
		"GET /api/customers/", "GET /v1/customer/", "GET /v1/customer/{customerId}/", "GET /v1/subscription/",
		"GET /v1/subscription/{subscriptionId}/", "POST /v1/customer/status/",
	} {
		g, _ := gateOf(route)
		a := e.call(route, g, e.other.good(g.dialect), e.objects)
		if a.status != http.StatusOK || !strings.Contains(a.body, foreignMark) && g.scope != "customers:status" {
			e.t.Fatalf("%s of the other project: %d %s", route, a.status, a.body)
		}
		all[route] = a.body
	}
	all["leads"] = e.owner.get("/console/p/2/leads?format=ndjson")
	return all
}

// isolateTokens gives a token to no client that does not prove itself, in the body or in the header.
func (e *estate) isolateTokens(t *testing.T, w bad) {
	e.t = t
	count := faulttest.NewTally(t)
	for _, in := range []string{"body", "header"} {
		for what, p := range w.clients {
			count.Try()
			a := e.askToken(p, in)
			if a.status != http.StatusUnauthorized || !strings.Contains(a.body, `"error":"invalid_client"`) || strings.Contains(a.body, "access_token") {
				count.Violation(t, "a token for a client that is wrong (%s), in the %s: %d %s", what, in, a.status, a.body)
			}
		}
		if a := e.askToken(e.other.dkh, in); a.status != http.StatusOK {
			t.Errorf("a token for a good client, in the %s: %d %s", in, a.status, a.body)
		}
	}
}

func (e *estate) askToken(p *submitter, in string) answer {
	e.t.Helper()
	body := "grant_type=client_credentials"
	if in == "body" {
		body += "&client_id=" + p.clientID + "&client_secret=" + p.secret
	}
	req, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, e.s.url+"/oauth/token", strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	e.calls++
	comesFrom(req, e.calls)
	if in == "header" {
		req.SetBasicAuth(p.clientID, p.secret)
	}
	res, err := once().Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	return e.answerOf("POST /oauth/token", res)
}
