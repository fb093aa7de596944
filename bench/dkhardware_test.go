//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

func onlyOf(t *testing.T, pattern string) *regexp.Regexp {
	t.Helper()
	only, err := regexp.Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return only
}

const madeUpPage = `{"payload":[{"customerId":"7","createdAt":"2026-01-02T03:04:05","updatedAt":"2026-01-02T03:04:06",` +
	`"firstName":"Some","lastName":null,"email":"c@example.com","company":"","phone":null,"altPhone":null,"fax":null,` +
	`"customerType":null,"addresses":[{"addressId":"8","customerId":"7","firstName":null,"lastName":null,"zip":"80911",` +
	`"country":"United States","state":"CO","city":"Colorado Springs","address1":"55 Some St","address2":null,` +
	`"company":null,"phone":null,"altPhone":null,"fax":null,"isDefaultBilling":true,"isDefaultShipping":false,` +
	`"createdAt":"2026-01-02T03:04:05","updatedAt":"2026-01-02T03:04:05"}]}]}`

func TestBareList_EncodesThePageAsItCame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.json")
	if err := os.WriteFile(file, []byte(madeUpPage), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bench{self: os.Args[0]}
	c := bareList{&listBook{bench: b, pages: map[int]string{100: file}}, 100}
	s, err := c.start(t.Context(), workload{})
	if err != nil {
		t.Fatal(err)
	}
	request := requestText(list(100, ""), s.child.address, map[string]string{"token": "x"})
	_, body, err := exchange(t.Context(), s.child.address, []byte(request))
	if err != nil || string(body) != madeUpPage {
		t.Errorf("got %s, %v", body, err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestBareList_RefusesAPageThatItWouldChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.json")
	if err := os.WriteFile(file, []byte(strings.Replace(madeUpPage, `"zip":`, `"code":`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	err := serveBareList(file, strings.NewReader(""), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "other than it went in") {
		t.Errorf("got %v", err)
	}
}

// TestFollow_WaitsForSuccess puts the follower to a server whose submissions succeed at the third question.
func TestFollow_WaitsForSuccess(t *testing.T) {
	var created, asked atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathCreate, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"submissionId":"%036d"}`, created.Add(1))
	})
	mux.HandleFunc("POST "+pathStatus, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if want := fmt.Sprintf(`{"submissionId":"%036d"}`, created.Load()); string(body) != want {
			t.Errorf("asked for %s, want %s", body, want)
		}
		state := "Processing"
		if asked.Add(1)%3 == 0 {
			state = statusSucceeded
		}
		fmt.Fprintf(w, `{"customerId":null,"status":%q,"errors":null}`, state)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	status := submission()
	status.path, status.body = pathStatus, `{"submissionId":"`+placeholderUUID+`"}`
	got, err := runFollow(t.Context(), followJob{
		Address: address, Seconds: 0.02, ServerPID: os.Getpid(),
		Create: requestText(submission(), address, nil), Status: requestText(status, address, nil),
	})
	if err != nil || got.Counted < 1 || got.P50 <= 0 || got.Sent != created.Load() || asked.Load() != 3*created.Load() {
		t.Errorf("got %+v, %v; %d created, %d questions", got, err, created.Load(), asked.Load())
	}
}

func TestFollow_FailsWithASubmission(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"submissionId":"%036d","status":"Failed"}`, 1)
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	text := requestText(submission(), address, nil)
	_, err := runFollow(t.Context(), followJob{Address: address, Seconds: 1, ServerPID: os.Getpid(), Create: text, Status: text})
	if err == nil || !strings.Contains(err.Error(), "a submission failed") {
		t.Errorf("got %v", err)
	}
}

func TestAwaitCustomers_LooksUntilAllAreThere(t *testing.T) {
	var looks atomic.Int64
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "limit=1&offset=41" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("asked %s", r.URL)
		}
		if looks.Add(1) < 3 {
			fmt.Fprint(w, `{"payload":[]}`)
			return
		}
		fmt.Fprint(w, madeUpPage)
	}))
	t.Cleanup(answers.Close)
	s := &server{child: &child{address: answers.Listener.Addr().String()}, credentials: map[string]string{"token": "secret"}}
	if err := awaitCustomers(t.Context(), s, 42); err != nil || looks.Load() != 3 {
		t.Errorf("%v after %d looks", err, looks.Load())
	}
}
