package faulttest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele/internal/faulttest"

	"github.com/go-json-experiment/json"
)

// call is a request to a server.
type call struct {
	method string // GET, or POST when there is a body, when ""
	url    string
	body   string
	header map[string]string
}

// answer is what a server answered.
type answer struct {
	status int
	body   string
	later  string // its Retry-After
}

// maxAnswer bounds how long anybody waits for an answer, whatever is broken: 8 s until the store gives up, or 10 s in the
// line of writes, and something for a busy machine.
const maxAnswer = 14 * time.Second

// oneOff sends each request on a connection of its own.
var oneOff = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: faulttest.Patience}

// kept returns a client that keeps one connection open and follows no redirect.
func kept() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}, Timeout: faulttest.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send carries out one call; the error is that no whole answer came.
func send(client *http.Client, c call) (answer, error) {
	if c.method == "" && c.body != "" {
		c.method = http.MethodPost
	}
	req, err := http.NewRequest(c.method, c.url, strings.NewReader(c.body))
	if err != nil {
		return answer{}, err
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
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
	return answer{res.StatusCode, string(body), res.Header.Get("Retry-After")}, err
}

// isRefusal reports whether an answer says "not now". In the Prime Lead API that is a 409 (rulings: storage failure), which
// says when to come again; one about the data does not.
func (a answer) isRefusal(k kind) bool {
	return a.status == http.StatusServiceUnavailable ||
		(k == lead || k == report) && a.status == http.StatusConflict && a.later != ""
}

// member returns a member of the object that an answer holds; nil when there is none.
func (a answer) member(name string) any {
	var v map[string]any
	if json.Unmarshal([]byte(a.body), &v) != nil {
		return nil
	}
	return v[name]
}

// token returns an access token of the book's DKHardware client.
func (b *book) token(t testing.TB, s *faulttest.Server) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {b.client}, "client_secret": {b.secret}}
	a, err := send(oneOff, call{url: s.URL + "/oauth/token", body: form.Encode(), header: map[string]string{
		"Content-Type": "application/x-www-form-urlencoded",
	}})
	token, _ := a.member("access_token").(string)
	if err != nil || token == "" {
		t.Fatalf("no token: %d %s, %v", a.status, a.body, err)
	}
	return token
}
