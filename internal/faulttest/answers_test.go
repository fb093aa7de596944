package faulttest_test

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"clientele/internal/faulttest"
)

// misdeed is a way in which a receiver answers.
type misdeed struct {
	name string
	// answer answers a request that was read; taken is whether that counts as a success.
	answer func(w http.ResponseWriter, r *http.Request) (taken bool)
}

// patienceOfSender is the request time-out of the subscriptions whose receivers misbehave.
const patienceOfSender = time.Second

// redirected is where a receiver sends to, and nobody may come.
const redirected = "/redirected"

// misdeeds are the ways of a plain receiver. What follows a 2xx does not change that it is one (docs/webhooks.md).
func misdeeds() []misdeed {
	return []misdeed{
		{"hangs", func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return false }},
		{"resets", raw("", resetAtEnd)},
		{"resets within the head", raw("HTTP/1.1 200 OK\r\nContent-Le", resetAtEnd)},
		{"resets within the answer", raw("HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf of", resetAtEnd)},
		{"closes without an answer", raw("", nil)},
		{"closes within the head", raw("HTTP/1.1 20", nil)},
		{"speaks no HTTP", raw("220 mail.example.com ESMTP\r\n", nil)},
		{"is slow with the head", raw("HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("a", 500), trickle)},
		{"is slow with the answer", succeeds(raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", trickle))},
		{"takes with a giant answer", giant(http.StatusOK)},
		{"refuses with a giant answer", giant(http.StatusInternalServerError)},
		{"has no end of headers", raw("HTTP/1.1 200 OK\r\n", endless("X-More: and more and more and more\r\n"))},
		{"has no end of a header", raw("HTTP/1.1 200 OK\r\nX-Long: ", endless(strings.Repeat("a", 4096)))},
		{"has no end of hints", raw("", endless("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"))},
		{"takes with less than it says", succeeds(raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort", nil))},
		{"takes with a chunk that is none", succeeds(raw("HTTP/1.1 202 Yes\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", nil))},
		{"takes and closes", succeeds(raw("HTTP/1.1 204 Yes\r\n\r\n", nil))},
		{"redirects for good", redirect(http.StatusMovedPermanently)},
		{"redirects the call", redirect(http.StatusTemporaryRedirect)},
		{"redirects to a page", redirect(http.StatusSeeOther)},
		{"fails", status(http.StatusInternalServerError, "")},
		{"is busy", status(http.StatusServiceUnavailable, "1")},
		{"has too many", status(http.StatusTooManyRequests, "1")},
		{"knows no such page", status(http.StatusNotFound, "")},
		{"wants proof of who it is", status(http.StatusUnauthorized, "")},
	}
}

func status(code int, retryAfter string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
		return false
	}
}

func redirect(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, redirected, code)
		return false
	}
}

// giant answers without an end.
func giant(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(code)
		piece := []byte(strings.Repeat("all work and no play ", 1000))
		for err := error(nil); err == nil; {
			_, err = w.Write(piece)
		}
		return code == http.StatusOK
	}
}

// raw writes text to the connection itself, goes on as more says, and closes it.
func raw(text string, more func(c *net.TCPConn)) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return false
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * patienceOfSender)) // none stays open for ever
		if _, err := io.WriteString(conn, text); err == nil && more != nil {
			more(conn.(*net.TCPConn))
		}
		return false
	}
}

// succeeds makes an answer one that is a success.
func succeeds(answer func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		answer(w, r)
		return true
	}
}

func resetAtEnd(c *net.TCPConn) { _ = c.SetLinger(0) }

// trickle goes on byte by byte, for longer than the sender waits.
func trickle(c *net.TCPConn) {
	tick := time.NewTicker(patienceOfSender / 50)
	defer tick.Stop()
	for range 100 {
		<-tick.C
		if _, err := c.Write([]byte("a")); err != nil {
			return
		}
	}
}

// endless says the same until the sender hangs up.
func endless(text string) func(c *net.TCPConn) {
	return func(c *net.TCPConn) {
		for err := error(nil); err == nil; {
			_, err = io.WriteString(c, text)
		}
	}
}

// plan is what a receiver does to the next calls of a path; when it is at its end, it takes them.
type plan []misdeed

// newPlan returns a random plan.
func newPlan(random *rand.Rand) plan {
	all := misdeeds()
	var p plan
	for range 1 + random.IntN(faulttest.InLongTests(1, 3)) {
		p = append(p, all[random.IntN(len(all))])
	}
	return p
}
