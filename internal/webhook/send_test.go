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
