package webhook

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"clientele"
)

// userAgent is what receivers see in their logs.
const userAgent = "Clientele-Webhook/1.0"

// maxBodyWait is how long the body of an answer is waited for that said success: it changes nothing any more.
const maxBodyWait = time.Second

// answered is what an attempt came to.
type answered struct {
	attempt clientele.Attempt
	// asked is the Retry-After of the answer; 0 for none.
	asked time.Duration
}

func (a *answered) delivered() bool { return a.attempt.StatusCode/100 == 2 }
func (a *answered) gone() bool      { return a.attempt.StatusCode == http.StatusGone }

// post sends a message once. Success is any 2xx: what follows the status does not change it. The error is that of ctx when
// the request was cut because the server ends; then nothing is known of it.
func (s *Service) post(ctx context.Context, sub *clientele.Subscription, id string, message []byte) (a answered, err error) {
	began := s.now()
	clock := time.Now()
	a.attempt = clientele.Attempt{DeliveryID: id, At: began}
	defer func() { a.attempt.Duration = time.Since(clock) }()
	limited, cancel := context.WithTimeout(ctx, sub.RequestTimeout)
	defer cancel()
	r, err := s.request(limited, sub, id, message)
	if err != nil {
		a.attempt.ErrorClass = classOther
		return a, nil
	}
	response, err := s.client.Do(r)
	if ctx.Err() != nil && err != nil {
		return a, ctx.Err()
	}
	if err != nil {
		a.attempt.ErrorClass = classify(err)
		return a, nil
	}
	defer response.Body.Close()
	a.attempt.StatusCode = response.StatusCode
	a.asked = retryAfter(response.Header, began)
	if a.delivered() {
		defer time.AfterFunc(maxBodyWait, cancel).Stop()
	}
	a.attempt.Answer, err = readAnswer(response.Body, sub)
	if err != nil && !a.delivered() {
		a.attempt.ErrorClass = classify(err)
	}
	return a, nil
}

func (s *Service) request(ctx context.Context, sub *clientele.Subscription, id string, message []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.URL, bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", userAgent)
	// net/http repeats a request at once whose connection turns out to be closed, if it has this header. Without a value the header
	// is not sent; Webhook-Id tells a receiver what it has seen.
	r.Header["Idempotency-Key"] = nil
	now := s.now()
	return r, sign(r.Header, sub.Signs(now), id, now, message)
}
