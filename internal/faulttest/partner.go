package faulttest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// Partners are one partner of each dialect with the project shop of a book, none with a limit.
type Partners struct {
	opm, owr, advertiser string
	clientID, secret     string
	campaign, publisher  string
	mu                   sync.Mutex
	token                string
	tokens               int // that were asked for
}

// NewPartners makes the project and the partners in an empty book.
func NewPartners(t testing.TB, b Book) *Partners {
	t.Helper()
	b.Run(t, "project", "create", "shop")
	issue := func(dialect string) map[string]any {
		t.Helper()
		v := b.Object(t, "key", "issue", "--project", "shop", "--dialect", dialect, "--name", "Partner",
			"--reads-per-minute", "0", "--writes-per-minute", "0")
		credentials, _ := v["credentials"].(map[string]any)
		return credentials
	}
	dkh := issue("dkhardware")
	return &Partners{
		opm: fmt.Sprint(issue("opm")["x-api-key"]), owr: fmt.Sprint(issue("onlinewerkrooster")["apikey"]),
		advertiser: fmt.Sprint(issue("primelead")["advertiserUUID"]),
		clientID:   fmt.Sprint(dkh["client_id"]), secret: fmt.Sprint(dkh["client_secret"]),
		campaign: fmt.Sprint(b.Object(t, "campaign", "create", "--project", "shop", "--name", "C", "--landing-url",
			"https://shop.example.com/")["uuid"]),
		publisher: fmt.Sprint(b.Object(t, "publisher", "create", "--name", "Blog")["uuid"]),
	}
}

// bearer returns a token of the DKHardware partner, asking the server at base for one where there is none yet.
func (p *Partners) bearer(client *http.Client, base string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token != "" {
		return p.token, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {p.clientID}, "client_secret": {p.secret}}
	p.tokens++
	a, err := send(client, call{ // under the lock: the others need it too
		url: base + "/oauth/token", body: form.Encode(),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Request-Id": fmt.Sprint("token-", p.tokens)},
	})
	if err != nil {
		return "", err
	}
	var v struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || v.Token == "" {
		return "", fmt.Errorf("answer %d of the token endpoint: %w", a.status, err)
	}
	p.token = v.Token
	return v.Token, nil
}

// Kind is what a write does, and by which API.
type Kind string

// The kinds of writes.
const (
	Entry    Kind = "entry"    // OPM: a customer by its external id, new or known
	Register Kind = "register" // Onlinewerkrooster: a new customer
	Create   Kind = "create"   // DKHardware: a new customer, by a submission
	Update   Kind = "update"   // DKHardware: a known customer, by a submission
	Action   Kind = "action"   // Prime Lead: a new lead
	Click    Kind = "click"    // a new lead by a visitor's click
	Postback Kind = "postback" // Prime Lead: how far a known lead has come
)

// isSubmission reports whether the write is carried out after its answer.
func (k Kind) isSubmission() bool { return k == Create || k == Update }

// isRepeatable reports whether the write may be sent again under its Idempotency-Key.
func (k Kind) isRepeatable() bool { return k != Click && k != Postback }

// stages are those of a lead, as postbacks report them one after the other.
func stages() []string {
	return []string{"wide_contact", "narrow_contact", "application", "contract", "contract_canceled"}
}

// deliver sends a write to the server at base and notes the answer. The error is that there was none, or none that promises
// anything (5xx); wrong is an answer that must not be.
func (p *Partners) deliver(client *http.Client, base string, w *Write) (wrong string, err error) {
	c := p.callOf(w)
	c.url = base + c.url
	c.header["X-Request-Id"] = w.ID
	if w.Kind.isRepeatable() {
		c.header["Idempotency-Key"] = w.ID
	}
	deliver := send
	if w.Kind.isSubmission() {
		deliver = p.sendWithToken
	}
	a, err := deliver(client, c)
	if err == nil && w.Kind.isRefusedBy(a.status) {
		err = &Unavailable{Kind: w.Kind, Status: a.status, Body: a.body}
	}
	if err != nil {
		return "", err
	}
	return w.note(a), nil
}

// tokenTries is how many tokens a call is sent with at most: the first may be of the time before an earlier jump of the clock, and
// the second of just before the next one.
const tokenTries = 3

// sendWithToken carries out a call with a token. One that is not taken is over, or not valid yet when the clock was set back: then
// with another.
func (p *Partners) sendWithToken(client *http.Client, c call) (answer, error) {
	at, err := url.Parse(c.url)
	if err != nil {
		return answer{}, err
	}
	for tries := 1; ; tries++ {
		token, err := p.bearer(client, at.Scheme+"://"+at.Host)
		if err != nil {
			return answer{}, err
		}
		c.header["Authorization"] = "Bearer " + token
		if a, err := send(client, c); err != nil || a.status != http.StatusUnauthorized || tries == tokenTries {
			return a, err
		}
		p.forget(token)
	}
}

func (p *Partners) forget(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token == token {
		p.token = ""
	}
}

// isRefusedBy reports whether an answer promises nothing. The document of Prime Lead knows no status of 500 and above: there it
// is 409, which nothing that a Crowd sends deserves.
func (k Kind) isRefusedBy(status int) bool {
	return status >= http.StatusInternalServerError || k.isPrimeLead() && status == http.StatusConflict
}

func (k Kind) isPrimeLead() bool { return k == Action || k == Postback }

// Unavailable is an answer that promises nothing.
type Unavailable struct {
	Kind   Kind
	Status int
	Body   string
}

func (u *Unavailable) Error() string { return fmt.Sprintf("answer %d %s", u.Status, u.Body) }

// IsHonest reports whether it is the answer that the API documents for a book that cannot be reached.
func (u *Unavailable) IsHonest() bool {
	return u.Status == http.StatusServiceUnavailable || u.Kind.isPrimeLead() && u.Status == http.StatusConflict
}

// callOf returns the call that delivers a write.
func (p *Partners) callOf(w *Write) call {
	switch w.Kind {
	case Entry:
		return call{url: "/entry", header: map[string]string{"x-api-key": p.opm}, body: fmt.Sprintf(
			`{"customerId":%q,"customerFirstName":%q,"customerPhone":"+12125550100"}`, w.Key, w.ID)}
	case Register:
		return call{url: "/api/customers", header: map[string]string{"apikey": p.owr}, body: fmt.Sprintf(
			`{"extCustomerId":%s,"extCustomerNumber":"N%s","name":%q,"enterpriseNumber":"BE0123456749","address":{"city":"Gent"}}`,
			w.Key, w.Key, w.ID)}
	case Create:
		return call{url: "/v1/customer/create", header: map[string]string{}, body: fmt.Sprintf(
			`{"firstName":"Some","lastName":%q,"email":"somebody@example.com"}`, w.ID)}
	case Update:
		return call{url: "/v1/customer/update", header: map[string]string{}, body: fmt.Sprintf(
			`{"customerId":%q,"lastName":%q}`, w.Key, w.ID)}
	case Action:
		return call{url: "/api/v1/actions/" + p.advertiser, header: map[string]string{}, body: fmt.Sprintf(
			`{"campaignUuid":%q,"publisherUuid":%q,"actionCreatedAt":"2026-01-02 03:04:05"}`, p.campaign, p.publisher)}
	case Click:
		return call{url: fmt.Sprintf("/click/%s/%s?sub1=%s", p.campaign, p.publisher, w.ID), header: map[string]string{}}
	default:
		return call{url: fmt.Sprintf("/api/v1/postback/%s/%s?contract_net_value=100", w.Values["stage"], w.Key), header: map[string]string{}}
	}
}

// note enters an answer into the write; it returns what is wrong with it.
func (w *Write) note(a answer) (wrong string) {
	var v struct {
		Submission string `json:"submissionId"`
		Action     string `json:"actionUuid"`
		Customer   int64  `json:"customerId"`
	}
	expected := map[Kind][]int{
		Entry: {http.StatusCreated, http.StatusAccepted}, Click: {http.StatusFound, http.StatusSeeOther},
	}[w.Kind]
	if expected == nil {
		expected = []int{http.StatusOK}
	}
	for _, status := range expected {
		if a.status != status {
			continue
		}
		if w.Kind != Click && json.Unmarshal([]byte(a.body), &v) != nil {
			break
		}
		switch w.Kind {
		case Create, Update:
			w.Reference = v.Submission
		case Action:
			w.Reference = v.Action
		case Register:
			w.Reference = fmt.Sprint(v.Customer)
		}
		w.Status = a.status
		return ""
	}
	return fmt.Sprintf("%s %s is answered %d %s", w.Kind, w.ID, a.status, a.body)
}

// call is one call of a server: a POST where it has a body.
type call struct {
	url    string
	header map[string]string
	body   string
}

type answer struct {
	status int
	body   string
}

// oneOff sends each call on a connection of its own.
var oneOff = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: Patience}

// kept returns a client that keeps one connection open and follows no redirect.
func kept() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}, Timeout: Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send carries out one call; the error is that no whole answer came.
func send(client *http.Client, c call) (answer, error) {
	method := http.MethodGet
	if c.body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, c.url, strings.NewReader(c.body))
	if err != nil {
		return answer{}, err
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Body = nil
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(body)}, err
}

// breather is how long a connection that found nobody waits before it tries again.
const breather = 10 * time.Millisecond
