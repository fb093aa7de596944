package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"clientele"
	"clientele/internal/sqlite"
	"clientele/internal/traffic"
)

// partner are the credentials of each dialect for one project.
type partner struct{ opm, apikey, customerKey, advertiser, clientID, clientSecret string }

func newPartner(t *testing.T, dir, opmKey string) partner {
	t.Helper()
	issue := func(dialect, name string) string {
		v := command(t, "key", "issue", "--data-dir", dir, "--project", "shop", "--dialect", dialect, "--name", "P", "--json").object(t)
		all := ""
		for _, n := range strings.Fields(name) {
			all += " " + fmt.Sprint(v["credentials"].(map[string]any)[n])
		}
		return strings.TrimSpace(all)
	}
	p := partner{opm: opmKey, advertiser: issue("primelead", "advertiserUUID")}
	p.apikey, p.customerKey, _ = strings.Cut(issue("onlinewerkrooster", "apikey CustomerKey"), " ")
	p.clientID, p.clientSecret, _ = strings.Cut(issue("dkhardware", "client_id client_secret"), " ")
	return p
}

// TestInbox_OfEveryDialect refuses calls of each dialect, with keys in all the places that a caller may put them and a person
// in all the places that a person may stand. The inbox has every one of them, no key, and masked nobody.
func TestInbox_OfEveryDialect(t *testing.T) {
	dir, key := newBook(t)
	p := newPartner(t, dir, key)
	s := startServer(t, dir)
	token := strings.Split(s.ask(request{
		url: "/oauth/token", body: "grant_type=client_credentials&client_id=" + p.clientID + "&client_secret=" + p.clientSecret,
		header: map[string]string{"content-type": "application/x-www-form-urlencoded"},
	}).body, `"`)[3]
	calls := refusedCalls(p, token)
	for _, c := range calls {
		if a := s.ask(c); a.status < 400 {
			t.Errorf("%s %s was answered %d", c.method, c.url, a.status)
		}
	}
	s.stop()
	book, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	list, err := book.ListRefusals(t.Context(), clientele.RefusalFilter{Limit: clientele.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(calls) {
		t.Errorf("%d refused calls are kept of %d", len(list), len(calls))
	}
	wantNoSecret(t, list, p, token)
	wantShown(t, list)
	var refused int64
	counts, err := book.ListCallCounts(t.Context(), clientele.CallQuery{Span: time.Hour, From: time.Now().Add(-2 * time.Hour), To: time.Now()})
	for _, c := range counts {
		if c.Outcome == clientele.CallRefused || c.Outcome == clientele.CallDenied {
			refused += c.Calls
		}
	}
	if err != nil || refused != int64(len(calls)) {
		t.Errorf("%d refused calls are counted of %d, %v", refused, len(calls), err)
	}
}

// refusedCalls are calls of each dialect that are refused.
func refusedCalls(p partner, token string) []request {
	person := `"customerFirstName":"` + secretFirst + `","customerLastName":"` + secretLast + `","customerEmail":"` + secretEmail + `","customerPhone":"` + secretPhone + `"`
	form := map[string]string{"content-type": "application/x-www-form-urlencoded"}
	company := map[string]string{"apikey": p.apikey, "CustomerKey": p.customerKey}
	bearer := map[string]string{"Authorization": "Bearer " + token}
	basic := func(secret string) map[string]string {
		return map[string]string{
			"content-type":  "application/x-www-form-urlencoded",
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(p.clientID+":"+secret)),
		}
	}
	return []request{
		{url: "/entry", key: p.opm, body: `{` + person + `}`}, // no customerId
		{url: "/entry", key: p.opm, body: `{"customerId":"` + p.opm + `",` + person + `,"customerIP":"` + strings.Repeat(secretIP, 9) + `"}`},
		{url: "/entry", key: p.opm + "x", body: `{` + person + `}`},
		{url: "/entry?x-api-key=" + p.opm, body: `{` + person + `}`},
		{url: "/" + p.opm + "/" + secretEmail, key: p.opm},
		{url: "/api/customers", body: `{"name":"` + secretLast + `","apikey":"` + p.apikey + `"}`, header: company},
		{url: "/api/customers?CustomerKey=" + p.customerKey, body: `{"name":"` + secretLast + `"`, header: company},
		{url: "/api/customers", body: `{}`, header: map[string]string{"apikey": p.apikey, "CustomerKey": secretLast}},
		{url: "/api/customers/" + p.apikey, method: "PUT", header: company},
		{url: "/api/v1/actions/" + p.advertiser, body: `{"sub1":"` + secretEmail + `","contract":"` + secretFirst + `"}`},
		{url: "/api/v1/actions/" + p.advertiser, body: "advertiserUUID=" + p.advertiser + "&contract=" + secretFirst, header: form},
		{url: "/api/v1/actions/" + strings.ToUpper(p.advertiser) + "0", body: `{}`},
		{url: "/api/v1/postback/" + secretFirst + "/" + p.advertiser + "?customer_type=" + secretEmail},
		{url: "/click/" + p.advertiser + "/" + p.advertiser + "?sub1=" + secretEmail},
		{url: "/v1/customer/create", body: `{"firstName":"` + secretFirst + `","email":1}`, header: bearer},
		{url: "/v1/customer/create", body: `{"firstName":"` + secretFirst + `"}`, header: map[string]string{"Authorization": "Bearer " + token + "x"}},
		{url: "/v1/customer?cursor=" + token + "&updatedFrom=" + secretEmail, header: bearer},
		{url: "/oauth/token", body: "grant_type=password&client_id=" + p.clientID + "&client_secret=" + p.clientSecret + "&username=" + secretEmail, header: form},
		{url: "/oauth/token", body: "grant_type=client_credentials&client_id=" + p.clientID + "&client_secret=" + p.clientSecret + "x", header: form},
		{url: "/oauth/token", body: "grant_type=nothing", header: basic(p.clientSecret)},
		{url: "/oauth/token", body: `{"client_secret":"` + p.clientSecret + `"}`},
		{url: "/oauth/token", method: "PUT", body: p.clientSecret, header: form},
	}
}

func wantNoSecret(t *testing.T, list []clientele.Refusal, p partner, token string) {
	t.Helper()
	secrets := []string{p.opm, p.apikey, p.customerKey, p.advertiser, p.clientSecret, token, strings.ToUpper(p.advertiser)}
	for _, r := range list {
		stored := []byte(fmt.Sprintf("%+v", r))
		for i, secret := range secrets {
			if form := findSecret(stored, secret); form != "" {
				t.Errorf("secret %d is stored %s: %s", i, form, stored)
			}
		}
	}
}

// wantShown: whoever may see personal data sees the person, and whoever may not does not.
func wantShown(t *testing.T, list []clientele.Refusal) {
	t.Helper()
	seen := 0
	for _, r := range list {
		if r.Answer == "" || r.AnswerBytes != int64(len(r.Answer)) && !strings.Contains(r.Answer, "…") || r.Status < 400 || r.RequestID == "" {
			t.Errorf("refusal %+v", r)
		}
		whole, masked := strings.ToLower(fmt.Sprintf("%+v", r)), strings.ToLower(fmt.Sprintf("%+v", traffic.Mask(r)))
		for _, word := range secretWords() {
			if strings.Contains(whole, word) {
				seen++
			}
			if strings.Contains(masked, word) {
				t.Errorf("masked, it shows %s: %s", word, masked)
			}
		}
	}
	if seen < 20 {
		t.Errorf("the person is seen %d times only", seen)
	}
}

// TestInbox_IsInTheDirectoryOnly: a refused call leaves nothing outside of the book.
func TestInbox_IsInTheDirectoryOnly(t *testing.T) {
	dir, key := newBook(t)
	s := startServer(t, dir)
	s.entry(key, `{"customerEmail":"`+secretEmail+`"}`)
	eventually(t, patience, "the call is in the book", func() bool {
		book, err := sqlite.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		id, err := book.NewestRefusal(t.Context())
		return err == nil && id == 1
	})
	if text := s.stderr.String() + s.ask(request{url: "/metrics"}).body; strings.Contains(text, secretEmail) {
		t.Error("the log or the metrics show what was sent")
	}
	if metrics := s.ask(request{url: "/metrics"}).body; !strings.Contains(metrics, `clientele_refused_calls_unkept_total{reason="lost"} 0`) {
		t.Error("the metrics do not tell of refused calls that were not kept")
	}
	s.stop()
}

// TestConsole_LiveStreamDoesNotHoldUpTheEnd: a page that is live hears that the server ends, which then does not wait for it.
func TestConsole_LiveStreamDoesNotHoldUpTheEnd(t *testing.T) {
	dir, _ := newBook(t)
	once := command(t, "operator", "create", "ada@example.com", "--data-dir", dir, "--json").object(t)["password"].(string)
	s := startServer(t, dir, "--drain-timeout", "20s")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: patience}
	post := func(path, form string) {
		header := map[string]string{"content-type": "application/x-www-form-urlencoded", "Origin": s.url, "Sec-Fetch-Site": "same-origin"}
		if a, err := send(request{client: client, url: s.url + path, body: form, header: header}); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %s, %v", path, a.status, a.body, err)
		}
	}
	post("/console/login", url.Values{"email": {"ada@example.com"}, "password": {once}}.Encode())
	const password = "a harbour full of boats"
	post("/console/account/password", url.Values{"old": {once}, "new": {password}, "repeat": {password}}.Encode())
	res, err := client.Get(s.url + "/console/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	events := bufio.NewReader(res.Body)
	if line, err := events.ReadString('\n'); line != "event: hello\n" {
		t.Fatalf("heard %q, %v", line, err)
	}
	s.signal(syscall.SIGTERM)
	rest, err := io.ReadAll(events)
	if err != nil || !strings.HasSuffix(string(rest), "event: end\ndata: \n\n") {
		t.Errorf("the stream ended with %q, %v", rest, err)
	}
	s.waitExit(10*time.Second, exitOK)
}
