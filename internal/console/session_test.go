package console

import (
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// twin returns another browser with the same session.
func (b *browser) twin() *browser {
	b.t.Helper()
	at, err := url.Parse(b.f.url)
	check(b.t, err)
	twin := b.f.browser(b.t)
	twin.client.Jar.SetCookies(at, b.client.Jar.Cookies(at))
	return twin
}

// postSlowly sends a form whose body is held back, and returns once the server has let the browser in and waits for it. The
// rest is sent, and the answer returned, by finish.
func (b *browser) postSlowly(path string) (finish func() *http.Response) {
	b.t.Helper()
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	b.t.Cleanup(transport.CloseIdleConnections)
	client := *b.client
	client.Transport = transport
	body, rest := io.Pipe()
	b.t.Cleanup(func() { _ = rest.Close() })
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.f.url+path, body)
	check(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Expect", "100-continue") // the server asks for the body when a page begins to read it
	answered := make(chan *http.Response, 1)
	go func() {
		defer close(answered)
		if res, err := client.Do(req); err == nil {
			_ = res.Body.Close()
			answered <- res
		}
	}()
	_, err = io.WriteString(rest, "held=") // which takes until the server has asked
	check(b.t, err)
	return func() *http.Response {
		_, err := io.WriteString(rest, "back")
		check(b.t, err)
		check(b.t, rest.Close())
		return <-answered
	}
}

// TestSession_StaysEnded: a request that began before the logout and ends after it does not bring the session back.
func TestSession_StaysEnded(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, editor)
		second := b.twin()
		f.clock.move(2 * sessionSeenEvery) // so that the request has something to write
		finish := second.postSlowly(passwordPath)
		b.post(logoutPath).goesTo(loginPath)
		if res := finish(); res == nil || res.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("the slow form is answered %v, want 422", res)
		}
		second.get(passwordPath).want(http.StatusSeeOther)
	})
}

// TestSession_KeepsWhatARequestWrites: an open session is still written by requests that found it.
func TestSession_KeepsWhatARequestWrites(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		b.post("/console/projects", "name", "Quay Traders", "time_zone", "UTC").want(http.StatusSeeOther)
		b.get("/console/projects").want(http.StatusOK).has("The project Quay Traders was created")
		b.get("/console/projects").want(http.StatusOK).lacks("was created")
	})
}
