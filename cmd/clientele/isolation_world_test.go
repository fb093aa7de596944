package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// foreignMark stands in every value of the project that nobody of this test may see.
const foreignMark = "Zwolfmark"

// estate is a book with two projects, shop and other, with partners of each dialect, and objects of the other one.
type estate struct {
	t       *testing.T
	b       crashBook
	s       *server
	shop    keyring
	other   keyring
	owner   *operator
	objects map[string]string // of the other project, by the names in patterns and bodies
	calls   int               // that were made
}

// keyring holds one good credential of each dialect for a project.
type keyring struct {
	opm, owr, customerKey, advertiser string
	dkh                               *submitter
}

func newEstate(t *testing.T, b crashBook) *estate {
	t.Helper()
	b.command("project", "create", "other").wants(t, exitOK)
	e := &estate{t: t, b: b, s: b.start("--allow-loopback-http", believeLoopback), objects: map[string]string{"project": "2", "status": "wide-contact"}}
	e.shop, e.other = e.keys("shop"), e.keys("other")
	e.furnishOther()
	return e
}

// issue issues a credential and returns its values and its id.
func (e *estate) issue(project, dialect string, more ...string) (id string, values map[string]any) {
	e.t.Helper()
	v := e.b.command(append([]string{
		"key", "issue", "--project", project, "--dialect", dialect, "--name", "Partner", "--json",
		"--reads-per-minute", "0", "--writes-per-minute", "0",
	}, more...)...).object(e.t)
	return fmt.Sprint(v["id"]), v["credentials"].(map[string]any)
}

func (e *estate) keys(project string) keyring {
	e.t.Helper()
	_, opm := e.issue(project, "opm")
	_, owr := e.issue(project, "onlinewerkrooster")
	_, advertiser := e.issue(project, "primelead")
	return keyring{
		fmt.Sprint(opm["x-api-key"]), fmt.Sprint(owr["apikey"]), fmt.Sprint(owr["CustomerKey"]),
		fmt.Sprint(advertiser["advertiserUUID"]), e.client(project),
	}
}

// client returns a DKHardware client with a token.
func (e *estate) client(project string, more ...string) *submitter {
	e.t.Helper()
	_, dkh := e.issue(project, "dkhardware", more...)
	p := &submitter{clientID: fmt.Sprint(dkh["client_id"]), secret: fmt.Sprint(dkh["client_secret"])}
	p.login(e.t, e.s)
	return p
}

// furnishOther makes one object of each kind in the other project, with the mark in it.
func (e *estate) furnishOther() {
	e.t.Helper()
	e.objects["subscriptionId"] = e.post("/v1/subscription/create", e.other.dkhHeader(),
		`{"webhook":{"url":"http://127.0.0.1:1/`+foreignMark+`"},"eventType":"customer:changed"}`, "subscriptionId")
	e.s.entry(e.other.opm, `{"customerId":"1","customerPhone":"+12125550100","customerFirstName":"`+foreignMark+`"}`).wants(e.t, 201, createdBody)
	e.objects["customerId"] = e.post("/api/customers", map[string]string{"apikey": e.other.owr},
		`{"extCustomerId":2,"extCustomerNumber":"2","name":"`+foreignMark+`","enterpriseNumber":"BE0123456749","address":{"city":"`+foreignMark+`"}}`,
		"customerId")
	e.objects["submission"] = e.other.dkh.submit(e.t, e.s, "create", foreignMark, `"email":"`+foreignMark+`@example.com"`)
	e.other.dkh.await(e.t, e.s, e.objects["submission"])
	campaign := e.b.command("campaign", "create", "--project", "other", "--name", foreignMark, "--landing-url",
		"https://shop.example.com/"+foreignMark, "--json").object(e.t)
	publisher := e.b.command("publisher", "create", "--name", "Blog", "--json").object(e.t)
	e.objects["campaignUuid"], e.objects["publisherUuid"] = fmt.Sprint(campaign["uuid"]), fmt.Sprint(publisher["uuid"])
	e.objects["campaign"], e.objects["publisher"] = fmt.Sprint(campaign["id"]), fmt.Sprint(publisher["id"])
	e.objects["action_uuid"] = e.post("/api/v1/actions/"+e.other.advertiser, nil, fmt.Sprintf(
		`{"campaignUuid":"%s","publisherUuid":"%s","actionCreatedAt":"2026-01-02 03:04:05"}`,
		e.objects["campaignUuid"], e.objects["publisherUuid"]), "actionUuid")
	for name, same := range map[string]string{"customer": "customerId", "subscription": "subscriptionId"} {
		e.objects[name] = e.objects[same]
	}
	for _, name := range []string{"refusal", "key", "operator"} { // of no project
		e.objects[name] = "1"
	}
	e.objects["name"], e.objects["file"], e.objects["dialect"] = "x", "x", "opm"
}

// post sends JSON that must be taken, and returns a member of the answer.
func (e *estate) post(path string, header map[string]string, body, member string) string {
	e.t.Helper()
	a := e.s.ask(request{url: path, header: header, body: body})
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || v[member] == nil {
		e.t.Fatalf("POST %s: %d %s", path, a.status, a.body)
	}
	if n, ok := v[member].(float64); ok {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprint(v[member])
}

func (k keyring) dkhHeader() map[string]string {
	return map[string]string{"Authorization": "Bearer " + k.dkh.token}
}

var namedPart = regexp.MustCompile(`\{([a-zA-Z_]+)\}`)

// fill puts objects into a pattern or a body.
func fill(pattern string, objects map[string]string) string {
	return namedPart.ReplaceAllStringFunc(pattern, func(part string) string {
		if value, ok := objects[part[1:len(part)-1]]; ok {
			return value
		}
		return part
	})
}

// credential is what a call shows of its sender: headers, which may come twice, and for Prime Lead a part of the path.
type credential struct {
	header     http.Header
	advertiser string
	query      string
}

// call sends a request to a route about objects, and follows no redirect.
func (e *estate) call(route string, g gate, c credential, objects map[string]string) answer {
	e.t.Helper()
	method, pattern, _ := strings.Cut(route, " ")
	body := fill(g.body, objects)
	path := strings.ReplaceAll(fill(pattern, objects), "{advertiserUUID}", c.advertiser)
	req, err := http.NewRequestWithContext(e.t.Context(), method, e.s.url+path+c.query, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	e.calls++
	comesFrom(req, e.calls)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		if strings.HasPrefix(pattern, "/console/") {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	res, err := once().Do(req)
	if err != nil {
		e.t.Fatalf("%s: %v", route, err)
	}
	return e.answerOf(route, res)
}

// once returns a client for one call, which follows no redirect.
func once() *http.Client {
	return &http.Client{
		Transport: oneOff.Transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answerOf reads an answer; of a stream of events only the head.
func (e *estate) answerOf(route string, res *http.Response) answer {
	e.t.Helper()
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return a
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatalf("%s: %v", route, err)
	}
	a.body = string(body)
	return a
}
