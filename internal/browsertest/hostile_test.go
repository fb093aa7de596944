package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// What hostile partners send. Each makes an element x-pwned where it is taken for HTML, whatever the policy forbids; most try
// more than that.
const (
	// hostile fits into 32 characters.
	hostile = `"'><x-pwned><img src=/p onerror=`
	// hostileTag fits into 20.
	hostileTag = `"'><x-pwned>`
	// hostileName fits into 150.
	hostileName = `</title></textarea></script></style>--><x-pwned onclick=pwned=1><script>pwned=1</script><svg onload=pwned=1>{{7*191}}${7*191}<%=7*191%>`
	// hostileLink is for what somebody may make a link of.
	hostileLink = `javascript:pwned=1//"><x-pwned>`
	// hostileMail is an e-mail address by the rules of the partner documents.
	hostileMail = `"'><x-pwned><img/src=/p/onerror=pwned=1>@example.com`
)

// isPwned tells whether something of a partner's was taken for more than text: for an element, a handler, a link, a script,
// or a template's expression.
const isPwned = `[
	...document.querySelectorAll('x-pwned, [onerror], [onload], [onclick], base, iframe, object, embed, script:not([src])'),
	...document.querySelectorAll('a[href^="javascript:" i], form[action^="javascript:" i], img[src="/p"]'),
].map(e => e.outerHTML.slice(0, 200)).concat(window.pwned ? ['a script ran'] : []).concat(
	document.documentElement.innerText.includes(String(7 * 191)) ? ['an expression was evaluated'] : [])`

// seedHostile sends hostile text in every field of every dialect that takes text, and in calls that are refused.
func seedHostile(s *server) {
	s.t.Helper()
	s.run("project", "create", "shop")
	seedEntries(s)
	seedCompanies(s)
	seedLeads(s)
	seedShop(s)
}

func quoted(format string, values ...string) string {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = quote(v)
	}
	return fmt.Sprintf(format, list...)
}

// seedEntries sends what OPM takes, and what it refuses.
func seedEntries(s *server) {
	s.t.Helper()
	key := "x-api-key: " + s.issue("--project", "shop", "--dialect", "opm", "--name", hostileTag+" partner")["x-api-key"]
	agent := "User-Agent: " + hostile
	entry := quoted(`{"customerId":%s,"customerEmail":%s,"customerPhone":%s,"customerFirstName":%s,"customerLastName":%s,"customerIP":%s}`,
		hostile, hostileMail, hostileTag+"1", hostileName, hostileLink, hostile)
	s.wants(201, "POST", "/entry", entry, key, agent)
	s.wants(202, "POST", "/entry", strings.Replace(entry, "pwned=1>@", "pwned=2>@", 1), key, agent) // a history
	s.wants(400, "POST", "/entry", quoted(`{"customerId":"2","customerFirstName":%s}`, hostileName), key, agent)
	s.wants(400, "POST", "/entry", hostileName, key)
	s.wants(415, "POST", "/entry", hostileName, key, "Content-Type: "+hostileLink)
	s.wants(401, "POST", "/entry", entry, "x-api-key: "+hostileLink)
	s.wants(404, "GET", "/entry/"+url.PathEscape(hostileName)+"?"+url.QueryEscape(hostileName)+"="+url.QueryEscape(hostileLink), "", key)
}

// seedCompanies sends what Onlinewerkrooster takes, and what it refuses.
func seedCompanies(s *server) {
	s.t.Helper()
	keys := s.issue("--project", "shop", "--dialect", "onlinewerkrooster", "--name", hostileTag+" company")
	headers := []string{"apikey: " + keys["apikey"], "CustomerKey: " + keys["CustomerKey"]}
	company := quoted(`{"extCustomerId":1001,"extCustomerNumber":%s,"enterpriseNumber":%s,"name":%s,`+
		`"address":{"street":%s,"streetNumber":%s,"city":%s,"postalCode":%s,"country":%s}}`,
		hostile, hostile, hostileName, hostileName, hostileTag, hostileLink, hostile, hostileName)
	s.wants(200, "POST", "/api/customers", company, headers...)
	s.wants(409, "POST", "/api/customers", strings.Replace(company, "javascript", "JavaScript", 1), headers...)
	s.wants(400, "POST", "/api/customers", quoted(`{"extCustomerId":1002,"name":%s,%s:1}`, hostileName, hostileTag), headers...)
	s.wants(401, "POST", "/api/customers", company, "apikey: "+keys["apikey"], "CustomerKey: "+hostileTag)
}

// seedLeads clicks, registers and reports as Prime Lead's partners do, and makes what a click needs.
func seedLeads(s *server) {
	s.t.Helper()
	advertiser := s.issue("--project", "shop", "--dialect", "primelead", "--name", hostileTag+" advertiser")["advertiserUUID"]
	campaign := s.made("campaign", "create", "--project", "shop", "--name", hostileTag+" campaign",
		"--landing-url", "https://shop.example.com/?a="+hostileTag+"#"+hostileTag, "--json")
	publisher := s.made("publisher", "create", "--name", hostileTag+" publisher", "--json")
	subs := url.Values{}
	for i := range 5 {
		subs.Set(fmt.Sprintf("sub%d", i+1), hostileName)
	}
	s.wants(302, "GET", "/click/"+campaign+"/"+publisher+"?"+subs.Encode(), "", "User-Agent: "+hostileName, "Referer: "+hostileLink,
		"X-Forwarded-For: "+hostile)
	body := quoted(`{"campaignUuid":%s,"publisherUuid":%s,"actionCreatedAt":%s}`, campaign, publisher, time.Now().UTC().Add(-48*time.Hour).Format(time.DateTime))
	s.wants(200, "POST", "/api/v1/actions/"+advertiser, body)
	s.wants(422, "POST", "/api/v1/actions/"+advertiser, quoted(`{"campaignUuid":%s,"customerType":%s,%s:%s}`, hostileLink, hostileName, hostileTag, hostile))
	s.wants(422, "GET", "/api/v1/postback/"+url.PathEscape(hostileTag)+"/"+campaign+"?customer_type="+url.QueryEscape(hostileName), "")
}

// seedShop submits what DKHardware takes, and what it refuses, and subscribes a hostile receiver.
func seedShop(s *server) {
	s.t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(hostileName)) // a caller that left needs none
	}))
	s.t.Cleanup(receiver.Close)
	s.run("subscription", "create", "--project", "shop", "--allow-loopback-http", "--url", receiver.URL+"/?"+url.QueryEscape(hostileName)+"=<x-pwned>")
	client := s.issue("--project", "shop", "--dialect", "dkhardware", "--name", hostileTag+" shop")
	answer := s.wants(200, "POST", "/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client["client_id"]}, "client_secret": {client["client_secret"]},
	}.Encode(), "Content-Type: application/x-www-form-urlencoded")
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(answer), &token); err != nil {
		s.t.Fatal(err)
	}
	bearer := "Authorization: Bearer " + token.AccessToken
	address := quoted(`{"firstName":%s,"lastName":%s,"zip":%s,"country":%s,"state":%s,"city":%s,"address1":%s,"address2":%s,"company":%s,`+
		`"phone":%s,"altPhone":%s,"fax":%s}`, hostileName, hostileLink, hostile, hostile, hostile, hostile, hostileName, hostileName, hostileName,
		hostileTag, hostileTag, hostileTag)
	create := quoted(`{"firstName":%s,"lastName":%s,"email":%s,"company":%s,"phone":%s,"altPhone":%s,"fax":%s,"addresses":[`,
		hostileName, hostileLink, hostileMail, hostileName, hostileTag, hostileTag, hostileTag) + address + `]}`
	s.finished(bearer, s.wants(200, "POST", "/v1/customer/create", create, bearer))
	s.finished(bearer, s.wants(200, "POST", "/v1/customer/update", quoted(`{"customerId":%s,"firstName":%s}`, hostileLink, hostileName), bearer))
	s.wants(400, "POST", "/v1/customer/create", quoted(`{"customerType":%s,"email":%s}`, hostileTag, hostileName), bearer)
	s.wants(400, "GET", "/v1/customer?limit="+url.QueryEscape(hostileTag), "", bearer)
}

// finished waits until a submission was carried out, one way or the other.
func (s *server) finished(bearer, submitted string) {
	s.t.Helper()
	s.until("the submission is finished", func() bool {
		status := s.wants(200, "POST", "/v1/customer/status", submitted, bearer)
		return strings.Contains(status, `"Succeeded"`) || strings.Contains(status, `"Failed"`)
	})
}

var madeUUID = regexp.MustCompile(`"uuid":\s*"([0-9a-f-]{36})"`)

// made runs a command that makes something and returns its UUID.
func (b *book) made(args ...string) string {
	b.t.Helper()
	out := b.run(args...)
	found := madeUUID.FindStringSubmatch(out)
	if found == nil {
		b.t.Fatalf("clientele %s: no UUID: %s", strings.Join(args, " "), out)
	}
	return found[1]
}

// TestHostile_TextOfPartnersIsText visits every page of a book full of hostile text.
func TestHostile_TextOfPartnersIsText(t *testing.T) {
	t.Parallel()
	s := postgresBook(t).serve("--allow-loopback-http")
	seedHostile(s)
	p := logIn(t, s, "owner", look{768, dark})
	shown := 0
	p.takeConsole(func(kind string) {
		p.try("look for what was taken for more than text", func(ctx context.Context) error {
			found, err := evaluate[[]string](ctx, isPwned)
			for _, what := range found {
				t.Errorf("%s: %s", kind, what)
			}
			return err
		})
		p.try("count", func(ctx context.Context) error {
			n, err := evaluate[int](ctx, `document.body.innerText.split('<x-pwned').length - 1`)
			shown += n
			return err
		})
		p.NoFaults()
		p.NoOverflow()
	})
	if shown < 40 {
		t.Errorf("the hostile text is shown %d times only: the pages that show it were not visited", shown)
	}
}
