package webhook

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
)

// leftOpen answers with a beginning of a body, and nothing more until the request is over.
type leftOpen struct{ status int }

// RoundTrip implements http.RoundTripper.
func (l leftOpen) RoundTrip(r *http.Request) (*http.Response, error) {
	body := io.MultiReader(strings.NewReader("taken"), waiting{r.Context()})
	return &http.Response{StatusCode: l.status, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
}

// waiting is a body of which nothing comes.
type waiting struct{ ctx context.Context }

// Read implements io.Reader.
func (w waiting) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

// TestPost_AnswerLeftOpen: of a receiver that answered with success and leaves the body open, no more than a second is waited
// for; another answer may take its time.
func TestPost_AnswerLeftOpen(t *testing.T) {
	for status, want := range map[int]clientele.Attempt{
		http.StatusOK:         {Duration: time.Second},
		http.StatusAccepted:   {Duration: time.Second},
		http.StatusBadGateway: {Duration: 100 * time.Second, ErrorClass: classTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &Service{options: Options{Now: time.Now}, client: &http.Client{Transport: leftOpen{status}}}
			sub := &clientele.Subscription{URL: "https://shop.example.com/", RequestTimeout: 100 * time.Second, SigningSecret: newSigningSecret()}
			a, err := s.post(t.Context(), sub, "evt_1", []byte("{}"))
			if err != nil {
				t.Fatal(err)
			}
			got := a.attempt
			if got.StatusCode != status || string(got.Answer) != "taken" || got.Duration != want.Duration || got.ErrorClass != want.ErrorClass {
				t.Errorf("status %d: %d %q, error %q after %s, want %q after %s", status, got.StatusCode, got.Answer, got.ErrorClass,
					got.Duration, want.ErrorClass, want.Duration)
			}
		})
	}
}

// TestPost_EchoedSecretsAreNotKept: of what a receiver answers the subscription's secrets are not kept, in whatever JSON they are
// written, nor a beginning of one that the bound of an answer cuts off.
func TestPost_EchoedSecretsAreNotKept(t *testing.T) {
	const secret = `t/k&"é😀` // as it is no part of what follows
	sub := &clientele.Subscription{
		RequestTimeout: time.Minute, Secret: secret, SigningSecret: secretPrefix + strings.Repeat("QUJD", 11),
		PreviousSecret: secretPrefix + strings.Repeat("WFla", 11), EventType: clientele.CustomerChanged,
	}
	message := string(body(sub, []int64{7}, time.Unix(0, 0)))
	filled := strings.Repeat("x", clientele.MaxAnswerBytes-20)
	for answer, want := range map[string]string{
		"taken":                                "taken",
		"":                                     "",
		message:                                `{"event":"customer:changed","secret":"…","payload":{"customerIds":["7"],"date":"1970-01-01T00:00:00Z"}}`,
		"got " + secret + ", " + secret:        "got …, …",
		`t\/k&\"é😀`:                            "…", // JavaScript, escaped for a page
		`t/k\u0026\"é😀`:                        "…", // Go
		`t/k&\"\u00e9\ud83d\ude00`:             "…", // Python
		`t\/k&\"\u00e9\ud83d\ude00`:            "…", // PHP
		"keys " + sub.SigningSecret:            "keys whsec_…",
		"old " + sub.PreviousSecret + ".":      "old whsec_….",
		filled + sub.SigningSecret:             filled + secretPrefix,
		filled + "0123456789abcdef" + secret:   filled + "0123456789abcdef",
		filled + "0123456789abcd" + secret:     filled + "0123456789abcd",
		filled + "0123456789abcdefgh" + secret: filled + "0123456789abcdefgh" + secret[:2], // which tells nothing
		filled + "and 20 bytes more ok":        filled + "and 20 bytes more ok",
		"shown " + secret[:5]:                  "shown " + secret[:5], // the receiver's own cut
	} {
		r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
		options := Options{Now: time.Now, Client: ClientOptions{anyAddress: true}}
		s := &Service{options: options, client: newClient(options.Client, newGuard(options.Client))}
		defer s.client.CloseIdleConnections()
		sub.URL = r.URL
		a, err := s.post(t.Context(), sub, "evt_1", []byte(message))
		if err != nil || !a.delivered() || string(a.attempt.Answer) != want {
			t.Errorf("of %q is kept %q, want %q (%v)", answer, a.attempt.Answer, want, err)
		}
	}
}

// TestPost_ClosedConnection: a connection that the receiver closes while the second event of it is on its way costs no failure.
// The event is sent once more at once, the same to the byte; one that a new connection does not take has failed.
func TestPost_ClosedConnection(t *testing.T) {
	seen := map[string]int{}
	r := newReceiver(t, nil)
	r.set(func(w http.ResponseWriter, q *http.Request) {
		if seen[q.RemoteAddr]++; seen[q.RemoteAddr] == 1 {
			return
		}
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = c.Close()
	})
	options := Options{Now: time.Now, Client: ClientOptions{anyAddress: true}}
	s := &Service{options: options, client: newClient(options.Client, newGuard(options.Client))}
	defer s.client.CloseIdleConnections()
	sub := &clientele.Subscription{URL: r.URL, RequestTimeout: time.Minute, SigningSecret: newSigningSecret()}
	for _, id := range []string{"evt_1", "evt_2"} {
		a, err := s.post(t.Context(), sub, id, []byte(id))
		if err != nil || !a.delivered() {
			t.Errorf("%s: status %d, error %q, %v", id, a.attempt.StatusCode, a.attempt.ErrorClass, err)
		}
	}
	got := r.got()
	if len(got) != 3 {
		t.Fatalf("%d requests, want 3", len(got))
	}
	for i, want := range []string{"evt_1", "evt_2", "evt_2"} {
		id, key := got[i].header.Get("Webhook-Id"), got[i].header["Idempotency-Key"]
		if id != want || string(got[i].body) != want || key != nil {
			t.Errorf("request %d: id %q, body %q, key %q, want %q and no key", i, id, got[i].body, key, want)
		}
	}
	r.set(func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
	})
	a, err := s.post(t.Context(), sub, "evt_3", []byte("evt_3"))
	if err != nil || a.attempt.ErrorClass != classClosed {
		t.Errorf("by a receiver that closes every connection: status %d, error %q, %v", a.attempt.StatusCode, a.attempt.ErrorClass, err)
	}
}
