package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// request is one call of a server.
type request struct {
	client *http.Client // one without kept connections when nil
	method string       // GET, or POST when there is a body, when ""
	url    string
	key    string // sent as x-api-key unless ""
	body   string
	header map[string]string
}

// answer is what a server answered.
type answer struct {
	status int
	body   string
	header http.Header
}

// oneOff sends each request on a connection of its own.
var oneOff = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

// send carries out one call; the error is that no whole answer came.
func send(r request) (answer, error) {
	if r.client == nil {
		r.client = oneOff
	}
	if r.method == "" && r.body != "" {
		r.method = http.MethodPost
	}
	req, err := http.NewRequest(r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	if r.key != "" {
		req.Header.Set("x-api-key", r.key)
	}
	if r.body != "" {
		req.Header.Set("content-type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(body), res.Header}, err
}

// ask carries out one call that must be answered.
func (s *server) ask(r request) answer {
	s.t.Helper()
	r.url = s.url + r.url
	a, err := send(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", r.method, r.url, err)
	}
	return a
}

// ping asks the server whether the key is good.
func (s *server) ping(key string) answer {
	s.t.Helper()
	return s.ask(request{url: "/ping", key: key})
}

// entry sends one customer.
func (s *server) entry(key, body string) answer {
	s.t.Helper()
	return s.ask(request{url: "/entry", key: key, body: body})
}

// wants fails the test unless the answer has the status and the body.
func (a answer) wants(t testing.TB, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Fatalf("answer %d %s\nwant   %d %s", a.status, a.body, status, body)
	}
}

// The documented answers of the OPM Partners API.
const (
	pongBody         = `{"statusCode":200,"message":"pong"}`
	createdBody      = `{"statusCode":201,"message":"OK - Created"}`
	acceptedBody     = `{"statusCode":202,"message":"OK - Update accepted"}`
	unauthorizedBody = `{"statusCode":401,"error":"Unauthorized","message":"API key does not exist"}`
	unavailableBody  = `{"statusCode":503,"error":"Service Unavailable","message":"The service cannot store data at the moment, please try again"}`
)

// kept returns a client that keeps one connection open.
func kept(t testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// newBook makes a data directory with a project named shop and one OPM key into it.
func newBook(t testing.TB) (dir, key string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	command(t, "project", "create", "shop", "--data-dir", dir).wants(t, exitOK)
	return dir, issueKey(t, dir)
}

// issueKey issues an OPM key for the project shop with further flags.
func issueKey(t testing.TB, dir string, args ...string) string {
	t.Helper()
	_, key := issue(t, dir, args...)
	return key
}

func issue(t testing.TB, dir string, args ...string) (id, key string) {
	t.Helper()
	v := command(t, append([]string{
		"key", "issue", "--data-dir", dir, "--project", "shop", "--dialect", "opm", "--name", "Partner", "--json",
	}, args...)...).object(t)
	return fmt.Sprint(v["id"]), keyOf(t, v)
}

// keyOf returns the key that a command printed as JSON.
func keyOf(t testing.TB, v map[string]any) string {
	t.Helper()
	credentials, _ := v["credentials"].(map[string]any)
	key, _ := credentials["x-api-key"].(string)
	if key == "" {
		t.Fatalf("no credentials.x-api-key in %v", v)
	}
	return key
}

// eventuallyStatus waits until a call is answered with the status, and returns how long that took.
func (s *server) eventuallyStatus(within time.Duration, status int, r request) time.Duration {
	s.t.Helper()
	start := time.Now()
	eventually(s.t, within, fmt.Sprintf("%s is answered %d", r.url, status), func() bool { return s.ask(r).status == status })
	return time.Since(start)
}
